#!/usr/bin/env python3
"""Looks at the status page with a browser and says what is wrong with it.

    status_page.py URL DIRECTORY

The switch behind the URL is that of test_status_page.sh. Pictures are left in the directory. Exit code 77
when there is no browser.
"""

import json
import sys
import tempfile

import browser

HOSTILE = "<img src=x onerror='window.hurt=1'>"


def require(what, holds):
    if not holds:
        sys.exit(f"status page: {what}")


def text(page, selector):
    return page.value(f"document.querySelector({json.dumps(selector)}).textContent")


def check_contents(page):
    ports = text(page, "#ports")
    for name in ("web", "db", "robot", "wan", "<br>"):
        require(f"{name} is in the table of ports", name in ports)
    picture = text(page, "#picture")
    for name in ("office", "10.0.0.1/24", "lab", "outside", "web", "router", "NAT"):
        require(f"{name} is in the picture", name in picture)
    page.wait("document.querySelector('#drops').textContent.includes('guard_mac')")
    page.wait("document.querySelector('#picture .port-box.dropping') !== null")
    page.wait("document.querySelectorAll('#picture .flow.moving').length >= 4")
    require("a rate is shown", "b/s" in picture)


def check_accessible(page):
    require("the picture says in words what it shows",
            "web" in page.value("document.querySelector('#picture svg').getAttribute('aria-label')"))
    require("every header of a table has a scope",
            page.value("[...document.querySelectorAll('th')].every(h => h.scope === 'col')"))
    require("the document has a language", page.value("document.documentElement.lang") == "en")


def check_crowd(page):
    """More ports than the picture has room for, a port whose device is gone, and no router."""
    picture = page.value("""(async () => {
        const now = await sample();
        for (let i = 0; i < 40; i++) {
          now.ports.push({...now.ports[0], name: 'more' + i});
          now.networks[0].ports.push('more' + i);
        }
        now.ports.push({...now.ports[0], name: 'dead', up: false, network: null});
        now.ports.push({...now.ports[0], name: 'socket 192.0.2.1 4789', type: 'socket', network: null});
        for (const network of now.networks) { network.router_mac = null; network.router = []; }
        show(now);
        return document.querySelector('#picture').textContent; })()""")
    require("the picture counts what it leaves out", "and 26 more" in picture)
    require("a dead port is shown as one", "dead" in picture and "the device is gone" in picture)
    require("the socket of a tunnel is beneath them", "beneath the tunnels" in picture)
    require("there is no router", "router" not in picture)
    page.wait("document.querySelector('#picture').textContent.includes('router')")


def check_harmless(page):
    """Names from outside stay text, wherever they come from."""
    require("<br> made no element", page.value("document.querySelectorAll('#ports br').length") == 0)
    page.value(f"""(async () => {{
        const hostile = {json.dumps(HOSTILE)};
        const now = await sample();
        for (const list of [now.ports, now.networks, now.drops])
          for (const one of list)
            for (const key of Object.keys(one)) if (typeof one[key] === 'string') one[key] = hostile;
        show(now);
      }})()""")
    require("a hostile name is shown", HOSTILE in text(page, "#ports"))
    require("no hostile name became an element", page.value("document.images.length") == 0)
    require("no hostile name ran", page.value("window.hurt") is None)


def check_policy(page):
    require("a script without the nonce does not run", page.value("""(() => {
        const s = document.createElement('script'); s.textContent = 'window.hurt = 1';
        document.body.append(s); return window.hurt; })()""") is None)
    page.console = [line for line in page.console if "Content Security Policy" not in line]


def check_size(page, directory, name, width, height, scheme="light", phone=False):
    page.scheme(scheme)
    page.size(width, height, phone)
    page.wait(f"document.querySelector('#picture svg').viewBox.baseVal.width <= {width}")
    require(f"nothing is wider than {width} pixels",
            page.value("document.documentElement.scrollWidth") <= width)
    page.wait("document.querySelectorAll('#picture .flow.moving').length >= 4")
    page.shot(f"{directory}/{name}.png")
    page.shot(f"{directory}/{name}_whole.png", whole=True)


def main():
    url, directory = sys.argv[1:]
    if not browser.program():
        sys.exit(77)
    with tempfile.TemporaryDirectory() as profile, browser.Browser(profile) as page:
        page.size(1280, 800)
        page.scheme("light")
        page.open(url)
        page.wait("document.querySelector('#link')?.textContent === 'live'")
        check_contents(page)
        check_accessible(page)
        check_size(page, directory, "light", 1280, 800)
        check_size(page, directory, "dark", 1280, 800, scheme="dark")
        check_size(page, directory, "phone", 390, 844, phone=True)
        check_crowd(page)
        check_harmless(page)
        check_policy(page)
        require(f"nothing was complained of: {page.console}", not page.console)


main()
