/** A heatmap of series over time. Grafana's heatmap is not published; this is its plotting layer, uPlot. */

import { DataFrame, FieldType, getFieldDisplayName } from '@grafana/data';
import { AxisPlacement, ScaleDirection, ScaleOrientation, UPlotChart, UPlotConfigBuilder } from '@grafana/ui';
import * as chromatic from 'd3-scale-chromatic';
import type uPlot from 'uplot';

import { Content, timeRange } from './panel';

const PALEST = 0.1;

export function Heatmap({ panel, picture, frames, theme, width, height }: Content) {
  const rows = frames.filter((frame) => frame.length).map(rowOf);
  const times = rows[0].times;
  return (
    <UPlotChart
      width={width}
      height={height}
      config={plot(rows, panel.options.color?.scheme ?? 'Oranges', picture, theme)}
      data={[times.map((time) => time), times.map(() => null)] as any}
    />
  );
}

interface Row {
  name: string;
  times: number[];
  values: Array<number | null>;
}

function rowOf(frame: DataFrame): Row {
  const time = frame.fields.find((field) => field.type === FieldType.time)!;
  const value = frame.fields.find((field) => field.type === FieldType.number)!;
  return { name: getFieldDisplayName(value, frame), times: time.values, values: value.values };
}

function plot(rows: Row[], scheme: string, picture: Content['picture'], theme: Content['theme']) {
  const builder = new UPlotConfigBuilder('utc');
  const { from, to } = timeRange(picture);
  builder.addScale({
    scaleKey: 'x',
    isTime: true,
    orientation: ScaleOrientation.Horizontal,
    direction: ScaleDirection.Up,
    range: () => [from.valueOf(), to.valueOf()],
  });
  builder.addScale({
    scaleKey: 'y',
    orientation: ScaleOrientation.Vertical,
    direction: ScaleDirection.Up,
    range: () => [-0.5, rows.length - 0.5],
  });
  builder.addAxis({ scaleKey: 'x', isTime: true, placement: AxisPlacement.Bottom, timeZone: 'utc', theme });
  builder.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    splits: () => rows.map((_, index) => index),
    values: () => rows.map((row) => row.name),
    grid: { show: false },
    theme,
  });
  builder.addSeries({ scaleKey: 'y', theme, show: true, pathBuilder: () => null, pointsBuilder: () => false } as any);
  builder.addHook('draw', (chart: uPlot) => drawCells(chart, rows, interpolator(scheme), picture.stepS * 1000));
  return builder;
}

function interpolator(scheme: string): (share: number) => string {
  return (chromatic as any)[`interpolate${scheme}`] ?? chromatic.interpolateOranges;
}

function drawCells(chart: uPlot, rows: Row[], color: (share: number) => string, stepMs: number): void {
  const most = Math.max(...rows.flatMap((row) => row.values.map((value) => value ?? 0)));
  rows.forEach((row, position) =>
    row.values.forEach((value, index) => {
      if (value == null || !(value > 0)) {
        return;
      }
      const left = chart.valToPos(row.times[index] - stepMs, 'x', true);
      const right = chart.valToPos(row.times[index], 'x', true);
      const top = chart.valToPos(position + 0.5, 'y', true);
      const bottom = chart.valToPos(position - 0.5, 'y', true);
      chart.ctx.fillStyle = color(PALEST + (1 - PALEST) * (value / most));
      chart.ctx.fillRect(left, top, right - left + 1, bottom - top - 1);
    })
  );
}
