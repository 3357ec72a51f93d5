// A thread gives up every privilege of the process that it has no use for.
//
// Capabilities belong to threads: what one gives up the others keep. Nothing brings them back.
#pragma once

namespace uswitch {

// Of the calling thread, which then may do what any user may. Descriptors that are open stay of
// use.
void give_up_capabilities();

}  // namespace uswitch
