"use strict";
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const looks = JSON.parse(document.getElementById("looks").textContent);

  function square(vega) {  // as high as wide, at any width of the page
    delete vega.height;
    vega.signals.push({ name: "height", update: "width" });
    return vega;
  }

  let views = [];
  async function draw() {
    views.forEach((view) => view.finalize());
    views = [];
    for (const source of document.querySelectorAll("script[data-chart]")) {
      const target = document.getElementById(source.dataset.chart);
      const spec = JSON.parse(source.textContent);
      delete spec.config;
      try {
        const shade = dark.matches ? "dark" : "light";
        const options = { actions: false, renderer: "svg", config: looks[shade], tooltip: { theme: shade } };
        const drawn = await vegaEmbed(target, spec, "square" in target.dataset ? { ...options, patch: square } : options);
        views.push(drawn.view);
        target.dataset.drawn = "yes";
      } catch (error) {
        target.textContent = "This chart could not be drawn: " + error.message;
        console.error(error);
      }
    }
    document.documentElement.dataset.drawn = "yes";
  }

  function key(cell) {
    const text = (cell.dataset.value ?? cell.textContent).trim();
    const number = parseFloat(text);
    return Number.isNaN(number) || !/^[-+]?[\d.]/.test(text) ? text : number;
  }

  function sort(table, column, heading) {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("thead th").forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => {
      const x = key(a.cells[column]), y = key(b.cells[column]);
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
      return descending ? -order : order;
    });
    table.tBodies[0].append(...rows);
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    table.querySelectorAll("thead th").forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, column, heading));
    });
  }

  draw();
  dark.addEventListener("change", draw);
})();
