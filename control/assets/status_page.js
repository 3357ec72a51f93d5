"use strict";
// Asks for the read-only JSON each second and draws it. Names come from outside: they are only ever
// set as text, never as markup.

const PATHS = ["status", "networks", "ports", "drops", "workers"];
const HISTORY = 120;          // seconds of the throughput line
const SHOWN_PORTS = 18;       // of one network in the picture; the table has all

// The router has a row among the ports, and so have those that were removed: counters add up with
// them. No port can be named so.
const isPort = (port) => !port.name.startsWith("(");

let before = null;            // the sample before this one
let history = [];             // bits a second, one a sample
let lastAnswer = 0;

// ---- numbers for people: three significant digits ----------------------------------------------

function scaled(value, unit) {
  const prefixes = ["", "k", "M", "G", "T"];
  let i = 0;
  for (; value >= 999.5 && i + 1 < prefixes.length; ++i) value /= 1000;
  const decimals = value >= 99.95 || (i === 0 && (value >= 9.95 || Number.isInteger(value))) ? 0
    : value >= 9.995 ? 1 : 2;
  return value.toFixed(decimals) + "\u2009" + prefixes[i] + unit;
}
const bits = (value) => scaled(value, "b/s");
const perSecond = (value) => scaled(value, "/s");
const bytes = (value) => scaled(value, "B");
const count = (value) => value < 10000 ? String(value) : scaled(value, "").trim();
const counted = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
function duration(seconds) {
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  if (minutes === 0) return Math.floor(seconds) + " s";
  if (hours === 0) return minutes + "m " + Math.floor(seconds % 60) + "s";
  return hours < 24 ? hours + "h " + minutes % 60 + "m"
    : Math.floor(hours / 24) + "d " + hours % 24 + "h";
}

// ---- samples and the rates between two of them -------------------------------------------------

async function sample() {
  const answers = await Promise.all(PATHS.map(async (path) => {
    const reply = await fetch("/v1/" + path, {signal: AbortSignal.timeout(5000), cache: "no-store"});
    if (!reply.ok) throw new Error("status " + reply.status + " from /v1/" + path);
    return reply.json();
  }));
  const [status, networks, ports, drops, workers] = answers;
  return {
    time: performance.now() / 1000, status, networks: networks.networks, ports: ports.ports,
    drops: drops.drops, dropped: drops.total, workers: workers.workers,
  };
}

const byName = (list, key) => new Map(list.map((one) => [one[key], one]));

// Adds what happened a second to each port, reason and worker. A counter that stepped back belongs
// to a uswitch started anew.
function addRates(now, then) {
  const seconds = then ? Math.max(now.time - then.time, 0.1) : 0;
  const rate = (a, b) => seconds && b !== undefined && a >= b ? (a - b) / seconds : 0;
  const ports = then ? byName(then.ports, "name") : new Map();
  for (const port of now.ports) {
    const old = ports.get(port.name) || {};
    port.in = 8 * rate(port.rx_bytes, old.rx_bytes);
    port.out = 8 * rate(port.tx_bytes, old.tx_bytes);
    port.inPackets = rate(port.rx_packets, old.rx_packets);
    port.outPackets = rate(port.tx_packets, old.tx_packets);
    port.dropRate = rate(port.drops, old.drops);
    port.why = null;
  }
  const current = byName(now.ports, "name");
  const reasons = then ? byName(then.drops, "reason") : new Map();
  for (const drop of now.drops) {
    const old = reasons.get(drop.reason) || {packets: 0, ports: {}};
    drop.rate = rate(drop.packets, old.packets);
    for (const [name, packets] of Object.entries(drop.ports)) {
      const perPort = rate(packets, Object.hasOwn(old.ports, name) ? old.ports[name] : 0);
      const port = current.get(name);
      if (port && perPort > 0 && (!port.why || perPort > port.why.rate)) {
        port.why = {reason: drop.reason, rate: perPort};
      }
    }
  }
  const workers = then ? byName(then.workers, "index") : new Map();
  for (const worker of now.workers) {
    const old = workers.get(worker.index);
    const cpu = (w) => w.user_seconds + w.system_seconds;
    worker.load = old ? 100 * rate(cpu(worker), cpu(old)) : 0;
    worker.rate = old ? rate(worker.packets, old.packets) : 0;
  }
}

// ---- elements ----------------------------------------------------------------------------------

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
function drawn(parent, tag, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function setClass(node, name) {
  if (node.getAttribute("class") !== name) node.setAttribute("class", name);
}

// Columns are [header, class, value of a row]; a value is text or [text, class]. Cells stay and only
// their text changes, so that what is selected or read aloud is not torn away.
function fill(id, columns, rows, nothing) {
  const table = document.getElementById(id);
  if (!table.tHead) {
    const line = table.createTHead().insertRow();
    for (const [header, style] of columns) {
      line.append(element("th", {scope: "col", class: style}, header));
    }
    table.createTBody();
  }
  const body = table.tBodies[0];
  table.tHead.hidden = rows.length === 0;
  if (rows.length === 0) {
    body.replaceChildren(element("tr", {}, element("td", {class: "empty"}, nothing)));
    return;
  }
  if (body.rows[0] && body.rows[0].cells.length !== columns.length) body.replaceChildren();
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, i) => {
    const line = body.rows[i] || body.insertRow();
    columns.forEach(([, style, value], j) => {
      const cell = line.cells[j] || line.insertCell();
      const [text, more] = [value(row)].flat();
      setText(cell, text);
      setClass(cell, more ? style + " " + more : style);
    });
  });
}

// ---- figures -----------------------------------------------------------------------------------

function figure(label, value, note, options = {}) {
  const box = element("div", {class: "figure"},
    element("div", {class: "label"}, label),
    element("div", {class: options.bad ? "value bad" : "value"}, value));
  if (options.share !== undefined) {
    const bar = element("div", {class: "meter"});
    const svg = drawn(bar, "svg", {width: "100%", height: 4, "aria-hidden": "true"});
    const share = Math.min(1, options.share);
    drawn(svg, "rect", {width: 100 * share + "%", height: 4, class: "bar"});
    box.append(bar);
  }
  box.append(element("div", {class: "note"}, note));
  return box;
}

function throughput(now) {
  const box = figure("Throughput", bits(history.at(-1)),
    perSecond(now.ports.reduce((sum, p) => sum + (isPort(p) ? p.inPackets : 0), 0)).replace("/s", "packets/s"));
  const parts = element("div", {});
  parts.append(...box.childNodes);
  box.classList.add("wide");
  const most = Math.max(...history, 1);
  const left = HISTORY - history.length;
  const points = history.map((v, i) => (left + i) + "," + (56 - 52 * v / most).toFixed(1));
  box.append(parts);
  const svg = drawn(box, "svg", {viewBox: `0 0 ${HISTORY - 1} 58`, preserveAspectRatio: "none",
    role: "img", "aria-label": "Throughput of the last two minutes, at most " + bits(most)});
  drawn(svg, "polygon", {class: "spark-area",
    points: `${left},58 ${points.join(" ")} ${HISTORY - 1},58`});
  drawn(svg, "polyline", {class: "spark-line", points: points.join(" ")});
  return box;
}

// How full a table is, and beside it how much there is of what goes with it.
function tableFigure(now, label, name, companion, word) {
  const tables = byName(now.status.tables, "name");
  const table = tables.get(name);
  if (!table) return [];
  const share = table.entries / table.max_entries;
  return [figure(label, count(table.entries),
    `of ${count(table.max_entries)} \u00b7 ${counted(tables.get(companion).entries, word)}`,
    {share, bad: share >= 0.9})];
}

function drawFigures(now) {
  const dropRate = now.ports.reduce((sum, p) => sum + p.dropRate, 0);
  const down = now.status.ports - now.status.ports_up;
  const busiest = Math.max(0, ...now.workers.map((w) => w.load));
  const worst = now.drops.reduce((a, b) => !a || b.rate > a.rate ? b : a, null);
  const figures = [
    throughput(now),
    figure("Dropped", perSecond(dropRate),
      dropRate > 0 && worst ? "most: " + worst.reason : count(now.dropped) + " so far",
      {bad: dropRate > 0}),
    figure("Ports up", now.status.ports_up + " of " + now.status.ports,
      down ? down + " down" : "all of them", {bad: down > 0}),
    figure("Busiest worker", busiest.toFixed(0) + " %", "of one CPU", {share: busiest / 100}),
    ...tableFigure(now, "Neighbours", "neighbours", "routes", "route"),
    ...tableFigure(now, "Connections", "connections", "mappings", "port"),
  ];
  document.getElementById("figures").replaceChildren(...figures);
}

// ---- the picture -------------------------------------------------------------------------------
// The router is a spine in the middle; each network is a bar that ends at it, inside ones on the
// left and outside ones on the right while that keeps both sides alike; ports hang above and below.

const WIDE_CARD = {width: 174, height: 62, gap: 10, stub: 22, stacked: false};
const NARROW_CARD = {width: 140, height: 78, gap: 10, stub: 22, stacked: true};
let CARD = WIDE_CARD;
const BAR = 26;
const BETWEEN = 22;
let picture = null;           // {key, ports: name -> what moves}

// Those that lead to no network have bars of their own: the sockets beneath tunnels, and ports whose
// device is gone.
function groupsOf(now) {
  const ports = byName(now.ports, "name");
  const placed = new Set();
  const groups = now.networks.map((network) => {
    network.ports.forEach((name) => placed.add(name));
    return {network, ports: network.ports.map((name) => ports.get(name)).filter(Boolean)};
  });
  const others = now.ports.filter((port) => !placed.has(port.name) && isPort(port));
  const sockets = others.filter((port) => port.type === "socket" && port.up);
  const lost = others.filter((port) => !sockets.includes(port));
  if (sockets.length) groups.push({network: null, label: "beneath the tunnels", ports: sockets});
  if (lost.length) groups.push({network: null, label: "in no network", ports: lost});
  return groups;
}

function tagOf(port, network) {
  if (!network) return null;
  const found = Object.entries(port.tagged).find(([, name]) => name === network.name);
  return found ? found[0] : null;
}

const hasRouter = (group) => group.network !== null && group.network.router_mac !== null;

// Rows of cards for a group in a column so wide: each bar has one above, and one below it when
// there are more than fit above.
function shape(group, width) {
  const across = Math.max(1, Math.floor((width + CARD.gap) / (CARD.width + CARD.gap)));
  const over = group.ports.length > SHOWN_PORTS;
  const cards = group.ports.slice(0, over ? SHOWN_PORTS - 1 : SHOWN_PORTS);
  if (over) cards.push({more: group.ports.length - cards.length});
  const bars = [];
  for (let i = 0; i === 0 || i < cards.length; i += 2 * across) {
    bars.push({above: cards.slice(i, i + across), below: cards.slice(i + across, i + 2 * across)});
  }
  const row = CARD.height + CARD.stub;
  const height = bars.reduce((sum, bar) =>
    sum + (bar.above.length ? row : 0) + BAR + (bar.below.length ? row : 0) + BETWEEN, 0);
  return {group, bars, height};
}

function fitted(text, pixels, perLetter = 7.4) {
  const letters = Math.max(1, Math.floor(pixels / perLetter));
  return text.length <= letters ? text : text.slice(0, letters - 1) + "\u2026";
}

function drawCard(svg, port, network, x, y, stubFrom, stubTo, moves) {
  const card = drawn(svg, "g", {});
  const middle = x + CARD.width / 2;
  if (port.more !== undefined) {
    drawn(card, "path", {class: "stub", d: `M${middle} ${stubFrom}V${stubTo}`});
    drawn(card, "rect", {class: "port-box", x, y, width: CARD.width, height: CARD.height, rx: 7});
    drawn(card, "text", {class: "dim", x: middle, y: y + 36, "text-anchor": "middle"},
      `and ${port.more} more`);
    return;
  }
  const tag = tagOf(port, network);
  drawn(card, "path", {class: "stub", d: `M${middle} ${stubFrom}V${stubTo}`});
  const inward = drawn(card, "path", {d: `M${middle - 5} ${stubFrom}V${stubTo}`});
  const outward = drawn(card, "path", {d: `M${middle + 5} ${stubTo}V${stubFrom}`});
  const box = drawn(card, "rect", {x, y, width: CARD.width, height: CARD.height, rx: 7});
  const title = drawn(card, "title", {}, "");
  const kind = tag ? "VLAN " + tag : port.type || "";
  drawn(card, "text", {class: "name", x: x + 10, y: y + 19},
    fitted(port.name, CARD.width - 30 - 6.5 * kind.length, 7.8));
  drawn(card, "text", {class: "dim", x: x + CARD.width - 10, y: y + 19, "text-anchor": "end"}, kind);
  const place = [port.netns, port.device].filter(Boolean).join(" \u00b7 ");
  const one = {box, inward, outward, title, place: fitted(place, CARD.width - 20, 6.6),
    rateIn: drawn(card, "text", {class: "rate-in", x: x + 10, y: y + 37}),
    rateOut: CARD.stacked ? drawn(card, "text", {class: "rate-out", x: x + 10, y: y + 53})
      : drawn(card, "text", {class: "rate-out", x: x + CARD.width - 10, y: y + 37,
        "text-anchor": "end"}),
    note: drawn(card, "text", {x: x + 10, y: y + CARD.height - 9})};
  if (!moves.has(port.name)) moves.set(port.name, []);
  moves.get(port.name).push(one);
}

function drawBar(svg, group, x, y, width, first) {
  const network = group.network;
  const style = !network ? "bar none" : network.outside ? "bar outside" : "bar";
  drawn(svg, "rect", {class: style, x, y, width, height: BAR, rx: 5});
  const name = network ? network.name : group.label;
  const label = drawn(svg, "text", {class: "on-spine", x: x + 12, y: y + 18});
  const shown = fitted(first ? name : name + " (more)", width - 24, 8.2);
  drawn(label, "tspan", {}, shown);
  if (!network || !first) return;
  const kinds = [network.outside && "outside", network.isolated && "isolated"].filter(Boolean);
  const words = [...network.router, ...kinds].join(" \u00b7 ");
  const room = width - 40 - 8.2 * shown.length;
  if (words && room > 50) {
    drawn(label, "tspan", {dx: 10, "font-weight": 400}, fitted(words, room, 7.4));
  }
}

function drawGroup(svg, shaped, x, y, width, spineAt, moves) {
  const {group, bars} = shaped;
  const joined = hasRouter(group) && spineAt !== null;
  // A bar that joins the spine goes on to it; the cards stay clear of it.
  const left = joined && spineAt < x ? spineAt : x;
  const right = joined && spineAt > x ? spineAt : x + width;
  bars.forEach((bar, i) => {
    const top = y + (bar.above.length ? CARD.height + CARD.stub : 0);
    const row = (cards, cardY, from, to) => cards.forEach((port, j) =>
      drawCard(svg, port, group.network, x + j * (CARD.width + CARD.gap), cardY, from, to, moves));
    row(bar.above, y, y + CARD.height, top);
    row(bar.below, top + BAR + CARD.stub, top + BAR + CARD.stub, top + BAR);
    drawBar(svg, group, left, top, right - left, i === 0);
    y = top + BAR + (bar.below.length ? CARD.height + CARD.stub : 0) + BETWEEN;
  });
}

// Into the shorter column; an outside network to the right while it is not the longer one.
function columnsOf(shapes, count) {
  const columns = Array.from({length: count}, () => ({shapes: [], height: 0}));
  const put = (column, one) => { column.shapes.push(one); column.height += one.height; };
  const isOutside = (one) => one.group.network && one.group.network.outside;
  for (const one of [...shapes].sort((a, b) => Boolean(isOutside(b)) - Boolean(isOutside(a)))) {
    const shortest = columns.reduce((a, b) => b.height < a.height ? b : a);
    const last = columns.at(-1);
    put(isOutside(one) && last.height <= shortest.height ? last : shortest, one);
  }
  return columns;
}

function drawSpine(svg, now, x, width, height, narrow) {
  drawn(svg, "rect", {class: "spine", x, y: 0, width, height, rx: 9});
  const nat = now.status.tables.some((table) => table.name === "connections");
  const words = nat ? ["router", "NAT"] : ["router"];
  const middle = x + width / 2;
  const at = Math.min(height / 2, 260);  // seen without scrolling, however long it is
  if (narrow) {
    drawn(svg, "text", {class: "on-spine", "text-anchor": "middle",
      transform: `translate(${middle + 4.5} ${at}) rotate(-90)`}, words.join(" \u00b7 "));
    return;
  }
  words.forEach((word, i) => drawn(svg, "text", {class: "on-spine", x: middle,
    y: at + 5 + (i - (words.length - 1) / 2) * 20, "text-anchor": "middle"}, word));
}

function drawPicture(now, width) {
  const groups = groupsOf(now);
  const spine = groups.some(hasRouter);
  const narrow = width < 700;
  CARD = narrow ? NARROW_CARD : WIDE_CARD;
  const spineWidth = spine ? (narrow ? 26 : 84) : 0;
  const gap = spine ? 18 : 28;
  const count = narrow || (!spine && groups.length < 2) ? 1 : 2;
  const columnWidth = count === 2 ? (width - spineWidth) / 2 - (spine ? gap : gap / 2)
    : width - spineWidth - (spine ? gap : 0);
  const columns = columnsOf(groups.map((group) => shape(group, columnWidth)), count);
  const height = Math.max(60, ...columns.map((column) => column.height - BETWEEN));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({viewBox: `0 0 ${width} ${height}`, role: "img",
    height, "aria-label": summaryOf(groups)})) svg.setAttribute(name, value);
  const moves = new Map();
  const spineX = narrow ? 0 : (width - spineWidth) / 2;
  columns.forEach((column, i) => {
    const right = narrow || i === 1;
    const x = narrow ? (spine ? spineWidth + gap : 0) : i * (width - columnWidth);
    const spineAt = !spine ? null : right ? spineX + spineWidth - 2 : spineX + 2;
    let y = (height - (column.height - BETWEEN)) / 2;
    for (const one of column.shapes) {
      drawGroup(svg, one, x, y, columnWidth, spineAt, moves);
      y += one.height;
    }
  });
  if (spine) drawSpine(svg, now, spineX, spineWidth, height, narrow);
  document.getElementById("picture").replaceChildren(svg);
  return moves;
}

function summaryOf(groups) {
  return groups.map(({network, label, ports}) =>
    `${network ? "network " + network.name : label}: ` +
    (ports.map((port) => port.name).join(", ") || "no ports")).join("; ") || "no networks";
}

function flowClass(way, rate) {
  return rate > 0 ? `flow ${way} moving` : `flow ${way}`;
}
// From 1 kb/s to 10 Gb/s the line grows from 1.5 to 6 pixels.
const thickness = (rate) => rate <= 0 ? 0 :
  Math.min(6, Math.max(1.5, 1.5 + 4.5 * Math.log10(rate / 1000) / 7));

function move(port, one) {
  const losing = port.why && port.why.rate > 0;
  setClass(one.box, !port.up ? "port-box down" : losing ? "port-box dropping" : "port-box");
  setClass(one.inward, flowClass("in", port.in));
  setClass(one.outward, flowClass("out", port.out));
  one.inward.setAttribute("stroke-width", thickness(port.in).toFixed(1));
  one.outward.setAttribute("stroke-width", thickness(port.out).toFixed(1));
  setText(one.rateIn, port.up ? "\u2192 " + bits(port.in) : "");
  setText(one.rateOut, port.up ? "\u2190 " + bits(port.out) : "");
  setClass(one.note, !port.up || losing ? "bad" : "dim");
  setText(one.note, !port.up ? "the device is gone"
    : losing ? fitted(perSecond(port.why.rate) + " " + port.why.reason, CARD.width - 16, 6.6) : one.place);
  setText(one.title, `${port.name}: in ${bits(port.in)}, out ${bits(port.out)}, ` +
    `${count(port.drops)} dropped` + (losing ? `, now for ${port.why.reason}` : ""));
}

function updatePicture(now) {
  const width = Math.max(300, document.getElementById("picture").clientWidth - 16);
  // Whatever changes where something stands.
  const key = JSON.stringify([width, now.status.tables.length,
    now.networks.map((n) => [n.name, n.router, n.router_mac, n.outside, n.isolated, n.ports]),
    now.ports.map((p) => [p.name, p.type, p.tagged, p.netns, p.device])]);
  if (!picture || picture.key !== key) picture = {key, moves: drawPicture(now, width)};
  for (const port of now.ports) {
    for (const one of picture.moves.get(port.name) || []) move(port, one);
  }
}

// ---- tables ------------------------------------------------------------------------------------

const networksOf = (port) => [port.network, ...Object.entries(port.tagged)
  .map(([vid, name]) => vid + ":" + name)].filter(Boolean).join(", ");

const PORT_COLUMNS = [
  ["Port", "strong", (p) => p.name],
  ["State", "", (p) => !isPort(p) ? "" : p.up ? ["up", "good"] : ["down", "bad"]],
  ["Type", "", (p) => p.type || ""],
  ["Network", "", networksOf],
  ["Namespace", "", (p) => p.netns || ""],
  ["Device", "", (p) => p.device || ""],
  ["In", "num", (p) => bits(p.in)],
  ["Packets in", "num", (p) => perSecond(p.inPackets)],
  ["Out", "num", (p) => bits(p.out)],
  ["Packets out", "num", (p) => perSecond(p.outPackets)],
  ["Received", "num", (p) => bytes(p.rx_bytes)],
  ["Sent", "num", (p) => bytes(p.tx_bytes)],
  ["Dropped", "num", (p) => p.drops ? [count(p.drops), "bad"] : "0"],
  ["Missed", "num", (p) => p.missed ? [count(p.missed), "bad"] : "0"],
];
const NETWORK_COLUMNS = [
  ["Network", "strong", (n) => n.name],
  ["Router", "", (n) => n.router.join(", ") || "none"],
  ["Kind", "", (n) => [n.outside && "outside", n.isolated && "isolated"].filter(Boolean).join(", ")],
  ["MTU", "num", (n) => String(n.mtu)],
  ["Ports", "num", (n) => String(n.ports.length)],
  ["Addresses", "num", (n) => count(n.addresses) + " of " + count(n.max_addresses)],
];
const WORKER_COLUMNS = [
  ["Worker", "strong", (w) => String(w.index)],
  ["I/O", "", (w) => w.io],
  ["CPU", "num", (w) => w.load.toFixed(0) + " %"],
  ["Packets", "num", (w) => perSecond(w.rate)],
  ["A batch", "num", (w) => w.packets_per_batch.toFixed(1)],
  ["Held", "num", (w) => count(w.held)],
];
const DROP_COLUMNS = [
  ["Reason", "strong", (d) => d.reason],
  ["Rate", "num", (d) => d.rate > 0 ? [perSecond(d.rate), "bad"] : perSecond(0)],
  ["Packets", "num", (d) => count(d.packets)],
  ["Ports", "", (d) => {
    const ports = Object.entries(d.ports).sort((a, b) => b[1] - a[1]);
    const list = ports.slice(0, 4).map(([name, n]) => name + " " + count(n)).join(", ");
    return ports.length > 4 ? list + ", \u2026" : list;
  }],
  ["Why", "wrap", (d) => d.sentence],
  ["Last one", "wrap", (d) => d.last ? d.last.summary : ""],
];

function drawTables(now) {
  fill("ports", PORT_COLUMNS, now.ports, "no ports");
  fill("networks", NETWORK_COLUMNS, now.networks, "no networks");
  fill("workers", WORKER_COLUMNS, now.workers, "no workers");
  fill("drops", DROP_COLUMNS, [...now.drops].sort((a, b) => b.rate - a.rate || b.packets - a.packets),
    "Nothing was dropped.");
}

// ---- once a second -----------------------------------------------------------------------------

function show(now) {
  addRates(now, before);
  if (before) {
    history.push(now.ports.reduce((sum, p) => sum + (isPort(p) ? p.in : 0), 0));
  } else {
    history = [0];
  }
  history = history.slice(-HISTORY);
  const s = now.status;
  setText(document.getElementById("summary"),
    `version ${s.version} \u00b7 up for ${duration(s.uptime_seconds)} \u00b7 ` +
    [counted(s.networks, "network"), counted(s.ports, "port"), counted(s.workers, "worker")]
      .join(" \u00b7 "));
  drawFigures(now);
  updatePicture(now);
  drawTables(now);
  before = now;
}

function say(text, lost) {
  const link = document.getElementById("link");
  setText(link, text);
  setClass(link, lost ? "lost" : "");
}

async function tick() {
  if (!document.hidden) {
    try {
      show(await sample());
      lastAnswer = performance.now();
      say("live", false);
    } catch (error) {
      const seconds = Math.round((performance.now() - lastAnswer) / 1000);
      say(lastAnswer ? `no answer for ${seconds} s` : "no answer: " + error.message, true);
    }
  }
  setTimeout(tick, 1000);
}

addEventListener("resize", () => { if (before) updatePicture(before); });
tick();
