// What the pages do beyond plain HTML: draw the charts from the JSON beside each canvas,
// try another threshold, switch the theme, filter a list, copy a secret, ask before what cannot be undone. Every
// page works without this file.
"use strict";
(() => {
  const root = document.documentElement;
  const language = root.lang;
  const number = (digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const percent = (digits = 0) => {
    const format = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
    return (value) => format.format(value);
  };
  const decimal = (value, digits) => number(digits).format(value).replace("-", "\u2212");
  // A label that is too long for one line, broken at a space; what two lines do not hold is cut.
  const twoLines = (label, width) => {
    if (label.length <= width) return label;
    const at = label.lastIndexOf(" ", width);
    const first = label.slice(0, at > 0 ? at : width);
    const rest = label.slice(first.length).trim();
    return [first, rest.length > width ? `${rest.slice(0, width - 1)}…` : rest];
  };
  const signed = (value, digits = 3) => (value > 0 ? "+" : "") + decimal(value, digits);
  const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  // Charts

  const drawn = new Map();

  const axis = (title, more = {}) => ({
    title: { display: Boolean(title), text: title, color: color("dim") },
    grid: { color: color("line"), drawTicks: false },
    border: { display: false },
    ...more,
    ticks: { color: color("dim"), padding: 6, ...more.ticks },
  });

  // An upright or lying line at a value of an axis, with a word.
  const marker = (scale, value, word) => ({
    id: `marker-${scale}`,
    afterDatasetsDraw(chart) {
      const axisOf = chart.scales[scale];
      if (value === null || value === undefined || !axisOf) return;
      const at = axisOf.getPixelForValue(value);
      const { top, bottom, left, right } = chart.chartArea;
      if (at < left - 1 || at > right + 1) return;
      const { ctx } = chart;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = color("ink");
      ctx.lineWidth = 1.5;
      ctx.setLineDash([5, 4]);
      ctx.beginPath();
      ctx.moveTo(at, top);
      ctx.lineTo(at, bottom);
      ctx.stroke();
      ctx.font = `12px ${Chart.defaults.font.family}`;
      const leftwards = at > (left + right) / 2;
      ctx.textAlign = leftwards ? "right" : "left";
      ctx.fillText(word, at + (leftwards ? -6 : 6), top + 12);
      ctx.restore();
    },
  });

  const line = (label, points, more = {}) => ({
    type: "line",
    label,
    data: points.map(([x, y]) => ({ x, y })),
    borderColor: color("ink"),
    backgroundColor: color("ink"),
    borderWidth: 2,
    pointRadius: 0,
    pointHitRadius: 8,
    pointStyle: more.pointRadius ? "circle" : "line",
    ...more,
  });
  const guide = (label, max) => line(label, [[0, 0], [max, max]], { borderColor: color("reference"), borderDash: [4, 4], borderWidth: 1.5, pointHitRadius: 0 });
  const dot = (label, point) => line(label, [point], { pointRadius: 7, pointHoverRadius: 8, pointStyle: "rectRot", showLine: false });
  const linear = (title, format, more = {}) => axis(title, { type: "linear", ...more, ticks: { callback: (v) => format(v), ...more.ticks } });
  const tooltipPair = (formatX, formatY) => ({
    callbacks: {
      title: (items) => items[0].dataset.label,
      label: (item) => `${formatX(item.parsed.x)} · ${formatY(item.parsed.y)}`,
    },
  });

  const kinds = {
    waterfall(d) {
      const rows = [
        { label: d.words.base, from: 0, to: d.base, total: true },
        ...d.bars,
        { label: d.words.margin, from: 0, to: d.margin, total: true },
      ];
      const ends = rows.flatMap((r) => (r.total ? [r.to] : [r.from, r.to])).concat(d.threshold ?? []);
      const low = Math.min(...ends), high = Math.max(...ends), room = (high - low || 1) * 0.12;
      const fill = (r) => color(r.total ? "reference" : r.c > 0 ? "refused" : "granted");
      return {
        type: "bar",
        data: {
          labels: rows.map((r) => r.label),
          datasets: [{
            // The two totals start at the edge of the drawing: a bar from zero would squeeze the rest.
            data: rows.map((r) => (r.total ? [low - room, r.to] : [r.from, r.to])),
            backgroundColor: rows.map(fill),
            barPercentage: 0.82,
            categoryPercentage: 0.9,
          }],
        },
        options: {
          indexAxis: "y",
          layout: { padding: { right: 8 } },
          scales: {
            x: linear(d.words.axis, (v) => decimal(v, 1), { min: low - room, max: high + room * 1.3, afterBuildTicks: (a) => { a.ticks = a.ticks.filter((t) => t.value > low - room && t.value < high + room * 1.3); } }),
            y: axis("", { grid: { display: false }, ticks: { autoSkip: false, color: color("ink"), font: { lineHeight: 1.1 }, callback(value) { return twoLines(this.getLabelForValue(value), 40); } } }),
          },
          plugins: { tooltip: { callbacks: { label: (item) => { const r = rows[item.dataIndex]; return r.total ? decimal(r.to, 3) : `${signed(r.c)} · ${r.c > 0 ? d.words.raises : d.words.lowers}`; } } } },
        },
        plugins: [marker("x", d.threshold, d.words.threshold), {
          id: "values",
          afterDatasetsDraw(chart) {
            const { ctx } = chart;
            ctx.save();
            ctx.font = `11.5px ${Chart.defaults.font.family}`;
            ctx.fillStyle = color("ink");
            // An edge in the card's colour keeps a number readable on the threshold's line.
            ctx.strokeStyle = color("card");
            ctx.lineWidth = 4;
            ctx.lineJoin = "round";
            ctx.textBaseline = "middle";
            chart.getDatasetMeta(0).data.forEach((bar, i) => {
              const r = rows[i];
              const right = chart.scales.x.getPixelForValue(Math.max(r.from, r.to));
              const words = r.total ? decimal(r.to, 2) : signed(r.c, 2);
              const x = (r.total ? chart.scales.x.getPixelForValue(r.to) : right) + 5;
              ctx.strokeText(words, x, bar.y);
              ctx.fillText(words, x, bar.y);
            });
            ctx.restore();
          },
        }],
      };
    },

    histogram(d) {
      const lying = d.categories;
      const value = axis(d.words.axis, { ticks: { callback: (v) => percent()(v) }, beginAtZero: true });
      // Under upright bars there is room for where a bar begins, not for both its ends.
      const name = (label) => (lying ? label : label.split(" – ")[0]);
      const names = axis("", { grid: { display: false }, ticks: { maxRotation: 0, autoSkip: !lying, autoSkipPadding: 16, color: color(lying ? "ink" : "dim"), callback(value) { return name(this.getLabelForValue(value)); } } });
      const isClient = (i) => i === d.client;
      return {
        type: "bar",
        data: {
          labels: d.labels.map((l, i) => (lying && isClient(i) ? `▶ ${l}` : l)),
          datasets: [
            { label: d.words.all, data: d.all, backgroundColor: color("reference"), barPercentage: 1, categoryPercentage: lying ? 0.8 : 0.94, pointStyle: "rect", order: 2 },
            lying
              ? { label: d.words.similar, data: d.similar, backgroundColor: color("ink"), barPercentage: 1, categoryPercentage: 0.8, pointStyle: "rect" }
              : { type: "line", stepped: "middle", label: d.words.similar, data: d.similar, borderColor: color("ink"), borderWidth: 2, pointRadius: 0, pointStyle: "line", order: 1 },
          ],
        },
        options: {
          indexAxis: lying ? "y" : "x",
          layout: { padding: { top: lying ? 0 : 20 } },
          scales: lying ? { x: value, y: names } : { x: names, y: value },
          interaction: { mode: "index", intersect: false, axis: lying ? "y" : "x" },
          plugins: { legend: { display: true, position: "bottom" }, tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${percent(1)(item.raw)}` } } },
        },
        plugins: lying ? [] : [{
          id: "client",
          afterDatasetsDraw(chart) {
            if (d.client === null) return;
            const { ctx, chartArea } = chart;
            const x = chart.scales.x.getPixelForValue(d.client);
            ctx.save();
            ctx.fillStyle = ctx.strokeStyle = color("ink");
            ctx.setLineDash([3, 3]);
            ctx.beginPath();
            ctx.moveTo(x, chartArea.top);
            ctx.lineTo(x, chartArea.bottom);
            ctx.stroke();
            ctx.font = `600 12px ${Chart.defaults.font.family}`;
            const words = `▼ ${d.words.client}`;
            const leftwards = x - 6 + ctx.measureText(words).width > chart.width;
            ctx.textAlign = leftwards ? "right" : "left";
            ctx.fillText(leftwards ? `${d.words.client} ▼` : words, x + (leftwards ? 6 : -6), chartArea.top - 7);
            ctx.restore();
          },
        }],
      };
    },

    roc(d) {
      return {
        data: { datasets: [...(d.at ? [dot(d.words.at, d.at)] : []), line(d.words.model, d.points), guide(d.words.chance, 1)] },
        options: {
          scales: { x: linear(d.words.x, percent(), { min: 0, max: 1 }), y: linear(d.words.y, percent(), { min: 0, max: 1 }) },
          plugins: { legend: { display: true }, tooltip: tooltipPair(percent(1), percent(1)) },
        },
      };
    },

    calibration(d) {
      const max = Math.max(0.01, ...d.points.flat()) * 1.05;
      return {
        data: { datasets: [line(d.words.model, d.points, { pointRadius: 4 }), guide(d.words.perfect, max)] },
        options: {
          scales: { x: linear(d.words.x, percent(), { min: 0 }), y: linear(d.words.y, percent(), { min: 0 }) },
          plugins: { legend: { display: true }, tooltip: tooltipPair(percent(1), percent(1)) },
        },
      };
    },

    cost_curve(d) {
      return {
        data: { datasets: [dot(d.words.at, d.at), { ...dot(d.words.tried, d.at), data: [], pointStyle: "circle" }, line(d.words.y, d.points)] },
        options: {
          scales: { x: linear(d.words.x, percent(), { min: 0 }), y: linear(d.words.y, (v) => number(2).format(v)) },
          plugins: { legend: { display: true }, tooltip: tooltipPair(percent(1), (v) => number(3).format(v)) },
        },
        plugins: [marker("x", d.at[0], percent(1)(d.at[0]))],
      };
    },

    importance(d) {
      return {
        type: "bar",
        data: { labels: d.labels, datasets: [{ data: d.values, backgroundColor: color("reference"), barPercentage: 0.85, categoryPercentage: 0.9 }] },
        options: {
          indexAxis: "y",
          scales: { x: linear(d.words.axis, (v) => number(2).format(v)), y: axis("", { grid: { display: false }, ticks: { autoSkip: false, color: color("ink") } }) },
          plugins: { tooltip: { callbacks: { label: (item) => number(3).format(item.raw) } } },
        },
      };
    },

    pd_histogram(d) {
      const middle = d.from.map((from, i) => (from + d.to[i]) / 2);
      const series = (label, values, name) => ({ label, data: values.map((y, i) => ({ x: middle[i], y })), backgroundColor: color(name), pointStyle: name === "granted" ? "circle" : "rectRot", stack: "all", barPercentage: 1, categoryPercentage: 0.92 });
      return {
        type: "bar",
        data: { datasets: [series(d.words.granted, d.granted, "granted"), series(d.words.refused, d.refused, "refused")] },
        options: {
          scales: {
            x: linear(d.words.x, percent(), { stacked: true, offset: false, min: d.from[0], max: d.to[d.to.length - 1], grid: { display: false } }),
            y: axis(d.words.y, { stacked: true, ticks: { callback: (v) => number(0).format(v) } }),
          },
          plugins: { legend: { display: true }, tooltip: { callbacks: { title: (items) => { const i = items[0].dataIndex; return `${percent()(d.from[i])} – ${percent()(d.to[i])}`; }, label: (item) => `${item.dataset.label}: ${number(0).format(item.parsed.y)}` } } },
        },
        plugins: [marker("x", d.threshold, d.threshold === null ? "" : percent(1)(d.threshold))],
      };
    },

    per_day(d) {
      const series = (label, data, name) => ({ label, data, backgroundColor: color(name), pointStyle: name === "granted" ? "circle" : "rectRot", stack: "all", barPercentage: 1, categoryPercentage: 0.8 });
      return {
        type: "bar",
        data: { labels: d.labels, datasets: [series(d.words.granted, d.granted, "granted"), series(d.words.refused, d.refused, "refused")] },
        options: {
          scales: { x: axis("", { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 20 } }), y: axis(d.words.y, { stacked: true, ticks: { callback: (v) => number(0).format(v) } }) },
          interaction: { mode: "index", intersect: false },
          plugins: { legend: { display: true } },
        },
      };
    },
  };

  const draw = (figure) => {
    const canvas = figure.querySelector("canvas");
    const data = figure.querySelector('script[type="application/json"]');
    if (!canvas || !data || typeof Chart === "undefined") return;
    const described = JSON.parse(data.textContent);
    const config = kinds[described.kind]?.(described);
    if (!config) return;
    drawn.get(canvas)?.destroy();
    config.options = { responsive: true, maintainAspectRatio: false, animation: false, ...config.options };
    config.options.plugins = { ...config.options.plugins, legend: { display: false, align: "end", labels: { boxWidth: 10, boxHeight: 10, usePointStyle: true, color: color("ink") }, ...config.options.plugins?.legend } };
    drawn.set(canvas, new Chart(canvas, config));
  };

  const drawAll = (within = document) => {
    for (const canvas of drawn.keys()) {
      if (!canvas.isConnected) {
        drawn.get(canvas).destroy();
        drawn.delete(canvas);
      }
    }
    if (typeof Chart === "undefined") return;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = 12;
    within.querySelectorAll("figure.chart").forEach(draw);
  };

  // The threshold that is tried out on the cost curve: everything is in the page already.

  const explore = (range) => {
    const figure = range.closest("figure");
    const d = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const [threshold, cost, missed, refusedGood] = d.points[range.value];
    const tried = range.value !== range.dataset.chosen;
    const granted = d.rows - d.defaults - refusedGood + missed;
    const difference = cost / d.at[1] - 1;
    const said = {
      threshold: percent(1)(threshold),
      cost: decimal(cost, 3),
      granted: percent(1)(granted / d.rows),
      difference: tried ? (difference > 0 ? "+" : "") + percent(1)(difference).replace("-", "\u2212") : "–",
      "granted-good": decimal(granted - missed, 0),
      "granted-default": decimal(missed, 0),
      "refused-good": decimal(refusedGood, 0),
      "refused-default": decimal(d.defaults - missed, 0),
    };
    for (const [name, value] of Object.entries(said)) figure.querySelector(`[data-explored="${name}"]`).textContent = value;
    range.setAttribute("aria-valuetext", said.threshold);
    const chart = drawn.get(figure.querySelector("canvas"));
    if (!chart) return;
    chart.data.datasets[1].data = tried ? [{ x: threshold, y: cost }] : [];
    chart.update("none");
  };

  // Theme: the toggle, and the system's own change

  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => drawAll());

  const ready = (within = document) => {
    within.querySelectorAll("[data-theme-toggle], [data-filter], [data-copy], [data-explorer-control]").forEach((element) => (element.hidden = false));
    drawAll(within);
  };

  document.addEventListener("click", async (event) => {
    const toggle = event.target.closest("[data-theme-toggle]");
    if (toggle) {
      const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
      document.cookie = `octroi_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
      drawAll();
    }
    if (event.target.closest("[data-explorer-reset]")) {
      const range = event.target.closest("figure").querySelector("[data-explorer]");
      range.value = range.dataset.chosen;
      explore(range);
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(document.querySelector(copy.dataset.copy).textContent);
      copy.textContent = copy.dataset.copied;
    }
    const asking = event.target.closest("[data-confirm]");
    if (asking && !confirm(asking.dataset.confirm)) event.preventDefault();
  });

  // The filter over groups of information or features: lines that do not match are hidden.
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-explorer]")) explore(event.target);
    const box = event.target.closest("[data-filter]");
    if (!box) return;
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const sought = plain(event.target.value.trim());
    document.querySelectorAll(`${box.dataset.filter} details`).forEach((group) => {
      let some = false;
      group.querySelectorAll("tbody tr, li").forEach((row) => {
        row.hidden = sought !== "" && !plain((row.querySelector("th .term, th, label") ?? row).textContent).includes(sought);
        some ||= !row.hidden;
      });
      group.hidden = !some;
      if (sought !== "" && some) group.open = true;
    });
  });

  // What was said once is not said again when the page is loaded again.
  const address = new URL(location.href);
  if (address.searchParams.has("notice")) {
    address.searchParams.delete("notice");
    history.replaceState(history.state, "", address);
  }

  // Opening the table under a chart changes nothing in the chart; new content from htmx does.
  document.addEventListener("htmx:after:swap", () => ready());
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => ready());
  else ready();
})();
