// Boost.JSON's own definitions: the one place where they are compiled.
#include <boost/json/src.hpp>
