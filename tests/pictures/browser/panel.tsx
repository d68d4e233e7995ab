/** One panel in Grafana's frame, its content drawn by the component that Grafana draws it with. */

import {
  DataFrame,
  dateTime,
  getFieldDisplayValues,
  GrafanaTheme2,
  TimeRange,
  VizOrientation,
} from '@grafana/data';
import { BarGauge, BigValue, PanelChrome, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

import { Bars } from './bars';
import { Heatmap } from './heatmap';
import type { Panel, Picture } from './picture';

export interface Content {
  panel: Panel;
  picture: Picture;
  frames: DataFrame[];
  theme: GrafanaTheme2;
  width: number;
  height: number;
}

export function DrawnPanel(content: Content) {
  const { panel, width, height } = content;
  return (
    <PanelChrome title={panel.title} description={panel.description} width={width} height={height}>
      {(innerWidth, innerHeight) => drawn({ ...content, width: innerWidth, height: innerHeight })}
    </PanelChrome>
  );
}

/** The types of panels that can be drawn. */
const DRAWERS: Record<string, (content: Content) => React.ReactNode> = {
  timeseries: lines,
  stat: figures,
  bargauge: gauges,
  table: rows,
  barchart: (content) => <Bars {...content} />,
  heatmap: (content) => <Heatmap {...content} />,
  text: ({ panel }) => <div className="text">{panel.options.content}</div>,
};

export function checkDrawable(panel: Panel): void {
  if (!DRAWERS[panel.type]) {
    throw new Error(`no component for panels of type ${panel.type}: "${panel.title}"`);
  }
}

function drawn(content: Content): React.ReactNode {
  const isEmpty = content.panel.type !== 'text' && !content.frames.some((frame) => frame.length);
  if (isEmpty && content.panel.type !== 'stat') {
    return <div className="empty">{content.panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  return DRAWERS[content.panel.type](content);
}

export function timeRange(picture: Picture): TimeRange {
  const from = dateTime(picture.fromS * 1000);
  const to = dateTime(picture.toS * 1000);
  return { from, to, raw: { from, to } };
}

function lines({ panel, picture, frames, width, height }: Content) {
  return (
    <TimeSeries
      frames={frames}
      width={width}
      height={height}
      timeRange={timeRange(picture)}
      timeZone="utc"
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

function figures({ panel, frames, theme, width, height }: Content) {
  const values = displayed(panel, frames, theme, panel.options.graphMode !== 'none');
  return (
    <VizRepeater
      source={values}
      getValues={() => values}
      width={width}
      height={height}
      renderCounter={0}
      orientation={VizOrientation.Auto}
      renderValue={({ value, width, height }) => (
        <BigValue
          value={value.display}
          sparkline={value.sparkline}
          colorMode={panel.options.colorMode}
          graphMode={panel.options.graphMode}
          justifyMode={panel.options.justifyMode}
          textMode={panel.options.textMode}
          count={values.length}
          theme={theme}
          width={width}
          height={height}
        />
      )}
    />
  );
}

function gauges({ panel, frames, theme, width, height }: Content) {
  const values = displayed(panel, frames, theme, false);
  return (
    <VizRepeater
      source={values}
      getValues={() => values}
      width={width}
      height={height}
      renderCounter={0}
      itemSpacing={8}
      minVizHeight={16}
      orientation={VizOrientation.Horizontal}
      renderValue={({ value, width, height }) => (
        <BarGauge
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          displayMode={panel.options.displayMode}
          orientation={VizOrientation.Horizontal}
          theme={theme}
          width={width}
          height={height}
        />
      )}
    />
  );
}

function displayed(panel: Panel, frames: DataFrame[], theme: GrafanaTheme2, hasSparkline: boolean) {
  return getFieldDisplayValues({
    fieldConfig: panel.fieldConfig as any,
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: (text: string) => text,
    theme,
    data: frames,
    sparkline: hasSparkline,
    timeZone: 'utc',
  });
}

function rows({ panel, picture, frames, width, height }: Content) {
  return (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      sortBy={panel.options.sortBy}
      cellHeight={panel.options.cellHeight}
      fieldConfig={panel.fieldConfig as any}
      timeRange={timeRange(picture)}
      enableVirtualization={false}
      structureRev={1}
    />
  );
}
