import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  MappingType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StateTimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { type PanelOf, ROWS } from "./rows.ts";

const DATASOURCE = { type: "prometheus", uid: "$datasource" };
/** Of the columns of a dashboard. */
const WIDTH = 24;
const HEIGHT = 8;

/** What Grafana shows of Helix: a row for each question, in the order in which somebody asks. */
export function helixDashboard(): Dashboard {
  const dashboard = new DashboardBuilder("Helix")
    .uid("helix")
    .tags(["helix"])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-3h", to: "now" })
    .refresh("30s")
    .timezone("browser")
    .withVariable(new DatasourceVariableBuilder("datasource").type("prometheus").label("Prometheus"))
    .withVariable(labels("namespace", "Namespace", "label_values(helix_applied_total, namespace)"))
    .withVariable(labels("job", "Pods", 'label_values(helix_queue_messages{namespace=~"$namespace"}, job)'));
  for (const { title, panels } of ROWS) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panelOf(panel, Math.floor(WIDTH / panels.length)));
  }
  return dashboard.build();
}

/** Where there is no such label, all is the same as none. */
function labels(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ text: "All", value: "$__all" });
}

function panelOf({ title, about, unit, lines, states }: PanelOf, width: number): Builder<Panel> {
  const panel =
    states === undefined
      ? new TimeseriesBuilder().fillOpacity(10).axisSoftMin(0)
      : new StateTimelineBuilder().mappings([named(states)]);
  return panel
    .title(title)
    .description(about)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(width)
    .height(HEIGHT)
    .targets(lines.map(({ query, legend }, at) => target(query, legend, at)));
}

function target(query: string, legend: string, at: number): Builder<Dataquery> {
  return new DataqueryBuilder()
    .datasource(DATASOURCE)
    .expr(query)
    .legendFormat(legend)
    .refId(String.fromCharCode("A".charCodeAt(0) + at))
    .range();
}

const COLOURS = ["green", "red", "orange", "purple"];

function named(states: Readonly<Record<string, string>>): ValueMapping {
  const options = Object.entries(states).map(([value, text], index) => {
    return [value, { text, color: COLOURS[Number(value)] ?? "gray", index }];
  });
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}
