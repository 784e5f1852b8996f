"use strict";
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const font = "system-ui, sans-serif";
  const okabe = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#777777"];
  const light = ["#ff9a4d", "#6db6f2", "#3fd0a4", "#e8a3cb", "#f4c04f", "#9ad7ff", "#d2b48c", "#b0b0b0"];

  function config() {
    const ink = "var(--ink)", line = "var(--line)";  // so that print, which is light, takes its own
    const colours = dark.matches ? light : okabe;
    return {
      background: "transparent", font: font, view: { stroke: null },
      axis: { labelColor: ink, titleColor: ink, gridColor: line, domainColor: line, tickColor: line, titleFontWeight: "normal", labelFontSize: 11 },
      legend: { labelColor: ink, titleColor: ink, orient: "bottom", columns: 2, labelLimit: 260, layout: { bottom: { direction: "vertical", anchor: "start" } } },
      text: { color: ink }, range: { category: colours, heatmap: dark.matches ? ["#3d2b1c", "#ff9a4d", "#fff3e6"] : ["#fdeada", "#d55e00", "#4d1a00"] }, mark: { color: colours[1] },
      point: { color: colours[1] }, rule: { color: colours[1] }, line: { color: colours[1] },
    };
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
        const found = await vegaEmbed(target, spec, { actions: false, renderer: "svg", config: config(), tooltip: { theme: dark.matches ? "dark" : "light" } });
        views.push(found.view);
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
