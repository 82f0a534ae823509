/**
 * Prometheus' text format 0.0.4. Every label has a fixed list of values, made up of our own words: a caller can neither invent a
 * series nor name an app, a path or a person in one. All series stand from the start with 0, so that a first event is seen as a rise.
 */

export interface Counter<Label extends string> {
  /** Counts `by` (1) for `label`; a label that is not on the list counts as `other`. */
  add(label: Label, by?: number): void;
}

export interface Histogram<Label extends string> {
  observe(label: Label, value: number): void;
}

export interface Registry {
  /** `label` is the label's name and `values` all it may be; without values the counter has no label. */
  counter<Label extends string>(name: string, help: string, label?: string, values?: readonly Label[]): Counter<Label>;
  /** `bounds` ascend, in the unit of the name. */
  histogram<Label extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Label[],
    bounds: readonly number[],
  ): Histogram<Label>;
  /** Asked when the page is. A figure that cannot be had (NaN) is left out. */
  gauge(name: string, help: string, read: () => number): void;
  /** Like a gauge, for what only grows. */
  total(name: string, help: string, read: () => number): void;
  /** The same by a label. `read` gives words of ours only, and few. */
  totals(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void;
  render(): string;
}

const other = "other";

/** The media type of `render`. */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

export function createRegistry(): Registry {
  const parts: (() => string)[] = [];
  const part = (name: string, type: string, help: string, lines: () => string[]): void => {
    const head = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
    parts.push(() => {
      const body = lines();
      return body.length === 0 ? "" : `${head}${body.join("\n")}\n`;
    });
  };
  const reading = (name: string, type: string, help: string, read: () => number): void =>
    part(name, type, help, () => {
      const value = read();
      return Number.isNaN(value) ? [] : [`${name} ${toText(value)}`];
    });

  return {
    counter(name, help, label = "", values = []) {
      const counts = createSeries(label, values, () => ({ count: 0 }));
      part(name, "counter", help, () => counts.all.map(([labels, series]) => `${name}${braced(labels)} ${toText(series.count)}`));
      return {
        add(value, by = 1) {
          // A broken figure must not stop all that are good.
          if (by > 0 && Number.isFinite(by)) counts.of(value).count += by;
        },
      };
    },
    histogram(name, help, label, values, bounds) {
      const shapes = createSeries(label, values, () => ({ buckets: bounds.map(() => 0), count: 0, sum: 0 }));
      part(name, "histogram", help, () =>
        shapes.all.flatMap(([labels, shape]) => [
          ...bounds.map((bound, index) => `${name}_bucket${braced(labels, `le="${toText(bound)}"`)} ${shape.buckets[index]!}`),
          `${name}_bucket${braced(labels, 'le="+Inf"')} ${shape.count}`,
          `${name}_sum${braced(labels)} ${toText(shape.sum)}`,
          `${name}_count${braced(labels)} ${shape.count}`,
        ]),
      );
      return {
        observe(value, figure) {
          if (!Number.isFinite(figure)) return;
          const shape = shapes.of(value);
          shape.count += 1;
          shape.sum += figure;
          bounds.forEach((bound, index) => {
            if (figure <= bound) shape.buckets[index]! += 1;
          });
        },
      };
    },
    gauge: (name, help, read) => reading(name, "gauge", help, read),
    total: (name, help, read) => reading(name, "counter", help, read),
    totals: (name, help, label, read) =>
      part(name, "counter", help, () =>
        Object.entries(read()).map(([word, value]) => `${name}${braced(`${label}="${escapeLabel(word)}"`)} ${toText(value)}`),
      ),
    render: () => parts.map((render) => render()).join(""),
  };
}

function createSeries<Value>(label: string, values: readonly string[], make: () => Value) {
  const labelled = values.length > 0;
  const names = labelled ? [...new Set([...values, other])] : [""];
  const byValue = new Map(names.map((name) => [name, make()]));
  const all = names.map((name) => [labelled ? `${label}="${escapeLabel(name)}"` : "", byValue.get(name)!] as const);
  return { all, of: (value: string): Value => byValue.get(value) ?? byValue.get(labelled ? other : "")! };
}

const escapeLabel = (value: string): string => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

function braced(...labels: string[]): string {
  const kept = labels.filter(Boolean);
  return kept.length === 0 ? "" : `{${kept.join(",")}}`;
}

function toText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
