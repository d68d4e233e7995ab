/** What the Python side hands over: a dashboard, the panels to draw, and what Prometheus answered to their queries. */

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
  transformations?: Array<{ id: string; options: Record<string, unknown> }>;
  options: Record<string, any>;
  fieldConfig: { defaults: Record<string, any>; overrides: Array<Record<string, any>> };
}

export interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  format?: string;
  instant?: boolean;
}

/** One series of an answer: `values` of a range query, `value` of an instant one, as in Prometheus' HTTP API. */
export interface Series {
  metric: Record<string, string>;
  values?: Array<[number, string]>;
  value?: [number, string];
}

export interface Picture {
  theme: 'light' | 'dark';
  isPhone: boolean;
  width: number;
  title: string;
  fromS: number;
  toS: number;
  stepS: number;
  panels: Panel[];
  /** Panel id → refId → series. */
  answers: Record<string, Record<string, Series[]>>;
}
