namespace uswitch {}
