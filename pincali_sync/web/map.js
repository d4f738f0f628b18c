// What a map gains where scripts run: it is dragged, zoomed and pointed at. Without them its links do.
"use strict";

for (const figure of document.querySelectorAll(".map[data-view]")) {
  const atlas = figure.querySelector("[data-atlas]");
  const tip = figure.querySelector(".map-tip");
  const here = figure.querySelector("[data-only]");
  const [south, west, north, east] = figure.dataset.view.split(",").map(Number);
  const view = { x: 0, y: 0, size: 1 }; // in parts of what was drawn
  const placed = [];
  for (const thing of atlas.querySelectorAll("circle, line, text")) {
    for (const name of ["cx", "cy", "x", "y", "x1", "x2", "y1", "y2"]) {
      const value = thing.getAttribute(name);
      const isEnd = value === "0" || value === "100%" || !value || !value.endsWith("%");
      if (!isEnd) placed.push([thing, name, parseFloat(value) / 100, name.includes("x")]);
    }
  }

  function draw() {
    for (const [thing, name, at, isAcross] of placed) {
      const part = (at - (isAcross ? view.x : view.y)) / view.size;
      thing.setAttribute(name, `${(100 * part).toFixed(3)}%`);
    }
    const scale = atlas.querySelector(".scale");
    if (scale) scale.parentNode.classList.toggle("moved", view.size !== 1);
    const top = north - view.y * (north - south);
    const left = west + view.x * (east - west);
    const area = [top - view.size * (north - south), left, top, left + view.size * (east - west)];
    const within = (each, most) => Math.min(Math.max(each, -most), most); // no more can be asked for
    const text = area.map((each, n) => within(each, n % 2 ? 180 : 90).toFixed(5)).join(",");
    here.hidden = false;
    here.firstElementChild.href = figure.dataset.link.replace("AREA", encodeURIComponent(text));
  }

  function zoom(factor, x, y) {
    const size = Math.min(Math.max(view.size * factor, 0.002), 4);
    view.x += x * (view.size - size);
    view.y += y * (view.size - size);
    view.size = size;
    draw();
  }

  const moves = {
    closer: () => zoom(0.5, 0.5, 0.5),
    wider: () => zoom(2, 0.5, 0.5),
    north: () => { view.y -= view.size / 2; draw(); },
    south: () => { view.y += view.size / 2; draw(); },
    west: () => { view.x -= view.size / 2; draw(); },
    east: () => { view.x += view.size / 2; draw(); },
  };
  figure.addEventListener("click", (event) => {
    const link = event.target.closest("[data-move]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    moves[link.dataset.move]();
  });

  atlas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls on
    event.preventDefault();
    const box = atlas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    zoom(event.deltaY < 0 ? 0.8 : 1.25, x, y);
  }, { passive: false });

  let drag = null;
  atlas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") drag = { x: event.clientX, y: event.clientY, moved: false };
  });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    const box = atlas.getBoundingClientRect();
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.moved && Math.abs(dx) + Math.abs(dy) < 5) return;
    view.x -= (dx / box.width) * view.size;
    view.y -= (dy / box.height) * view.size;
    drag = { x: event.clientX, y: event.clientY, moved: true };
    draw();
  });
  addEventListener("pointerup", () => setTimeout(() => { drag = null; }));
  atlas.addEventListener("click", (event) => { if (drag && drag.moved) event.preventDefault(); }, true);
  atlas.addEventListener("dragstart", (event) => event.preventDefault());

  atlas.addEventListener("pointerover", (event) => {
    const title = event.target.querySelector && event.target.querySelector("title");
    if (event.target.tagName !== "circle" || !title) return;
    tip.textContent = title.textContent;
    tip.hidden = false;
  });

  const pins = new Map();
  for (const pin of atlas.querySelectorAll("a")) pins.set(pin.getAttribute("href"), pin.firstElementChild);
  for (const row of document.querySelectorAll("[data-pin]")) {
    const pin = pins.get(row.dataset.pin);
    if (!pin) continue;
    for (const name of ["pointerenter", "focusin"]) row.addEventListener(name, () => pin.classList.add("chosen"));
    for (const name of ["pointerleave", "focusout"]) row.addEventListener(name, () => pin.classList.remove("chosen"));
  }
}
