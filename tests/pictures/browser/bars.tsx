/** Bars side by side for each category. Grafana's bar chart is not published; this is its plotting layer, uPlot. */

import { DataFrame, FieldType, getDisplayProcessor, getFieldDisplayName } from '@grafana/data';
import { AxisPlacement, DrawStyle, ScaleDirection, ScaleOrientation, UPlotChart, UPlotConfigBuilder, VizLegend } from '@grafana/ui';
import uPlot from 'uplot';

import type { Content } from './panel';

const LEGEND_HEIGHT = 30;
const GROUP_WIDTH = 0.75;

export function Bars({ panel, frames, theme, width, height }: Content) {
  const frame = frames[0];
  const categories = frame.fields.find((field) => getFieldDisplayName(field, frame) === panel.options.xField)!;
  const groups = frame.fields.filter((field) => field !== categories && field.type === FieldType.number);
  const positions = categories.values.map((_: unknown, index: number) => index);
  const colors = groups.map((group) => theme.visualization.getColorByName(group.config.color?.fixedColor ?? 'blue'));
  return (
    <>
      <UPlotChart
        width={width}
        height={height - LEGEND_HEIGHT}
        config={plot(categories.values, groups, colors, theme)}
        data={[positions, ...groups.map((group) => group.values)] as any}
      />
      <VizLegend
        displayMode={'list' as any}
        placement="bottom"
        items={groups.map((group, index) => ({ label: name(group, frame), color: colors[index], yAxis: 1 }))}
      />
    </>
  );
}

function name(field: DataFrame['fields'][number], frame: DataFrame): string {
  return getFieldDisplayName(field, frame);
}

function plot(labels: string[], groups: DataFrame['fields'], colors: string[], theme: Content['theme']) {
  const builder = new UPlotConfigBuilder('utc');
  const display = groups[0].display ?? getDisplayProcessor({ field: groups[0], theme });
  builder.addScale({
    scaleKey: 'x',
    orientation: ScaleOrientation.Horizontal,
    direction: ScaleDirection.Up,
    range: () => [-0.5, labels.length - 0.5],
  });
  builder.addScale({
    scaleKey: 'y',
    orientation: ScaleOrientation.Vertical,
    direction: ScaleDirection.Up,
    softMin: 0,
  });
  builder.addAxis({
    scaleKey: 'x',
    placement: AxisPlacement.Bottom,
    splits: () => labels.map((_, index) => index),
    values: () => labels,
    grid: { show: false },
    ticks: { show: false },
    theme,
  });
  builder.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    formatValue: (value) => display(value).text + (display(value).suffix ?? ''),
    theme,
  });
  groups.forEach((_, index) =>
    builder.addSeries({
      scaleKey: 'y',
      theme,
      drawStyle: DrawStyle.Bars,
      pathBuilder: side(index, groups.length),
      lineColor: colors[index],
      lineWidth: 1,
      fillColor: colors[index],
      fillOpacity: 80,
      pointsBuilder: () => false,
    } as any)
  );
  return builder;
}

/** The bars of one group: as wide as their share, moved to their place around the category's position. */
function side(index: number, count: number): uPlot.Series.PathBuilder {
  const share = GROUP_WIDTH / count;
  return (chart, series, from, to) => {
    const path = new Path2D();
    const data = chart.data[series] as Array<number | null>;
    const zero = chart.valToPos(0, 'y', true);
    for (let position = from; position <= to; position++) {
      const value = data[position];
      if (value != null) {
        const left = chart.valToPos(position - GROUP_WIDTH / 2 + index * share, 'x', true);
        const right = chart.valToPos(position - GROUP_WIDTH / 2 + (index + 1) * share, 'x', true);
        const top = chart.valToPos(value, 'y', true);
        path.rect(left, top, right - left - 1, zero - top);
      }
    }
    return { stroke: path, fill: path };
  };
}
