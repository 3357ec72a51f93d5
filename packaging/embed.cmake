# Makes the status page one file and that file a C++ source: the style and the script go into the HTML
# where their marks stand.
#
#   cmake -DASSETS=control/assets -DOUT=status_page_html.cpp -P embed.cmake
file(READ ${ASSETS}/status_page.html page)
file(READ ${ASSETS}/status_page.css style)
file(READ ${ASSETS}/status_page.js script)
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")
file(WRITE ${OUT} "// Made by packaging/embed.cmake from ${ASSETS}.
#include \"control/status_page.h\"

const std::string_view uswitch::status_page_html = R\"PAGE(${page})PAGE\";
")
