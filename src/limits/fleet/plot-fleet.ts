// A simulation's report as a picture: what was admitted too much and refused too much, for each algorithm and mode. By hand: bars and text need no
// library. Colours follow the reader's light or dark preference.

import type { FleetReport, FleetRow } from "./fleet-report.ts";

interface Bar {
  readonly style: string;
  readonly label: string;
  percentOf(row: FleetRow): number;
}

const BARS: readonly Bar[] = [
  { style: "over", label: "admitted too much, of keys beyond their limit", percentOf: (row) => row.overPercent },
  { style: "under", label: "refused too much, of keys beyond their limit", percentOf: (row) => row.underPercent },
  { style: "wronged", label: "refused, of keys within their limit", percentOf: (row) => row.wronglyRefusedPercent },
];
const LABELS_WIDTH = 170;
const PANEL_WIDTH = 224;
/** For the value behind the longest bar. */
const VALUE_WIDTH = 48;
const GAP = 18;
const TOP = 92;
const ROW_HEIGHT = 40;
const BAR_HEIGHT = 9;
/** In %, both ends of the axis, which is logarithmic. */
const LEAST = 0.01;
const MOST = 1000;
const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #1f2933 }
    .small { font-size: 10px; fill: #52606d }
    .head { font-size: 13px; font-weight: 600 }
    .title { font-size: 15px; font-weight: 600 }
    .paper { fill: #ffffff }
    .grid { stroke: #d9dee5 }
    .one { stroke: #52606d; stroke-dasharray: 3 3 }
    .over { fill: #c2410c }
    .under { fill: #1d4ed8 }
    .wronged { fill: #7e22ce }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .small { fill: #9aa7b4 }
      .paper { fill: #0d1117 }
      .grid { stroke: #30363d }
      .one { stroke: #9aa7b4 }
      .over { fill: #fb923c }
      .under { fill: #60a5fa }
      .wronged { fill: #c084fc }
    }
  `;

export function plotFleetReport(report: FleetReport): string {
  // Those that have every mode side by side.
  const kinds = [...new Set(report.rows.filter(({ mode }) => mode === "approximate").map(({ algorithm }) => algorithm))];
  const modes = [...new Set(report.rows.filter(({ algorithm }) => algorithm === kinds[0]).map(modeName))];
  const width = LABELS_WIDTH + kinds.length * (PANEL_WIDTH + GAP);
  const height = TOP + modes.length * ROW_HEIGHT + 46;
  const bottom = TOP + modes.length * ROW_HEIGHT;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d">`,
    `  <title id="t">What a limit admits in a fleet, by algorithm and mode</title>`,
    `  <desc id="d">Simulated: ${report.nodes} gateways, ${report.requestsPerSecond} requests a second. For each algorithm and mode the units that were admitted too much or refused too much, in percent, on a logarithmic scale; the figures stand in the guide beside it.</desc>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="paper" width="${width}" height="${height}"/>`,
    text(
      16,
      24,
      "title",
      `${report.nodes} gateways, ${report.requestsPerSecond.toLocaleString("en-US")} requests/s, against one counter that sees them all`,
    ),
  ];
  BARS.forEach(({ style, label }, index) => {
    const x = 16 + index * 285;
    parts.push(`  <rect class="${style}" x="${x}" y="37" width="12" height="${BAR_HEIGHT}"/>`, text(x + 18, 46, "small", label));
  });
  modes.forEach((mode, row) => {
    const [name, ...away] = mode.split(", ");
    const y = TOP + row * ROW_HEIGHT;
    parts.push(text(16, y + 15, "", name ?? ""));
    if (away.length > 0) parts.push(text(16, y + 29, "small", `store away: ${away.join()}`));
  });
  kinds.forEach((kind, column) => {
    const left = LABELS_WIDTH + column * (PANEL_WIDTH + GAP);
    parts.push(text(left, TOP - 22, "head", kind));
    for (let value = LEAST; value <= MOST; value *= 10) {
      const x = (left + widthOf(value)).toFixed(1);
      const isOne = Math.abs(value - 1) < 0.01;
      parts.push(`  <line class="${isOne ? "one" : "grid"}" x1="${x}" x2="${x}" y1="${TOP - 8}" y2="${bottom}"/>`);
      if (Math.round(Math.log10(value)) % 2 === 0)
        parts.push(text(left + widthOf(value), bottom + 14, "small", `${Number(value.toPrecision(1))} %`, true));
    }
    modes.forEach((mode, index) => {
      const row = report.rows.find((each) => each.algorithm === kind && modeName(each) === mode);
      if (row !== undefined) parts.push(...barsOf(row, left, TOP + index * ROW_HEIGHT + 4));
    });
  });
  parts.push(
    text(16, bottom + 36, "small", "The dashed line is 1 %. The scale is logarithmic; what has no bar is below 0.01 %."),
    "</svg>",
    "",
  );
  return parts.join("\n");
}

function barsOf(row: FleetRow, left: number, top: number): string[] {
  return BARS.flatMap(({ style, percentOf }, index) => {
    const value = percentOf(row);
    if (value < LEAST) return [];
    const y = top + index * (BAR_HEIGHT + 1);
    const barWidth = widthOf(Math.min(value, MOST));
    return [
      `  <rect class="${style}" x="${left}" y="${y}" width="${barWidth.toFixed(1)}" height="${BAR_HEIGHT}"/>`,
      text(left + barWidth + 4, y + BAR_HEIGHT - 1, "small", value >= 10 ? value.toFixed(0) : value.toFixed(2)),
    ];
  });
}

function modeName({ mode, outage }: FleetRow): string {
  return outage === null ? mode : `${mode}, ${outage}`;
}

function widthOf(value: number): number {
  return ((PANEL_WIDTH - VALUE_WIDTH) * Math.log10(value / LEAST)) / Math.log10(MOST / LEAST);
}

function text(x: number, y: number, style: string, words: string, isCentred = false): string {
  const attributes = `${style === "" ? "" : ` class="${style}"`}${isCentred ? ' text-anchor="middle"' : ""}`;
  return `  <text${attributes} x="${x.toFixed(1)}" y="${y}">${words}</text>`;
}
