/** Prometheus' answers as data frames, named as Grafana's data source for Prometheus names them. */

import { DataFrame, FieldType, toDataFrame } from '@grafana/data';

import type { Panel, Picture, Series, Target } from './picture';

const MS = 1000;

export function framesOf(panel: Panel, picture: Picture): DataFrame[] {
  const targets = panel.targets ?? [];
  return targets.flatMap((target) => {
    const series = picture.answers[panel.id]?.[target.refId] ?? [];
    if (target.format === 'table') {
      return [asTable(target, series, targets.length > 1)];
    }
    return series.map((one) => asTimeSeries(target, one, picture));
  });
}

function asTable(target: Target, series: Series[], isOneOfMany: boolean): DataFrame {
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.metric)))].sort();
  const last = series.map((one) => one.value ?? one.values!.at(-1)!);
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: last.map(([time]) => time * MS), config: {} },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        values: series.map((one) => one.metric[label] ?? ''),
        config: {},
      })),
      {
        name: isOneOfMany ? `Value #${target.refId}` : 'Value',
        type: FieldType.number,
        values: last.map(([, value]) => parsed(value)),
        config: {},
      },
    ],
  });
}

/** A step without a sample is null, so that a line ends where its series ends. */
function asTimeSeries(target: Target, series: Series, picture: Picture): DataFrame {
  const samples = new Map((series.values ?? [series.value!]).map(([time, value]) => [Math.round(time * MS), value]));
  const times: number[] = [];
  for (let time = picture.fromS * MS; time <= picture.toS * MS; time += picture.stepS * MS) {
    times.push(Math.round(time));
  }
  const shown = series.values ? times : [...samples.keys()];
  const name = legend(target, series.metric);
  return toDataFrame({
    refId: target.refId,
    name,
    fields: [
      { name: 'Time', type: FieldType.time, values: shown, config: {} },
      {
        name: 'Value',
        type: FieldType.number,
        labels: series.metric,
        values: shown.map((time) => (samples.has(time) ? parsed(samples.get(time)!) : null)),
        config: { displayNameFromDS: name },
      },
    ],
  });
}

/** Prometheus writes infinities as `+Inf` and `-Inf`. */
function parsed(value: string): number {
  return Number(value.replace(/^([+-]?)Inf$/, '$1Infinity'));
}

function legend(target: Target, labels: Record<string, string>): string {
  if (target.legendFormat && target.legendFormat !== '__auto') {
    return target.legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
  }
  const { __name__: name = '', ...rest } = labels;
  const inner = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return inner.length ? `${name}{${inner.join(', ')}}` : name || target.expr;
}
