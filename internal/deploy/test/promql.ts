import { parser } from "@prometheus-io/lezer-promql";

/** A metric that a query reads, and what it wants of its labels. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly { readonly name: string; readonly operator: string; readonly value: string }[];
}

export interface Query {
  readonly selectors: readonly Selector[];
  /** By which it groups or joins. */
  readonly groupedBy: readonly string[];
}

/** Takes a query of Prometheus apart. @throws Error for what is none. */
export function readQuery(query: string): Query {
  const selectors: { metric: string; labels: { name: string; operator: string; value: string }[] }[] = [];
  const groupedBy: string[] = [];
  parser.parse(query).iterate({
    enter(node) {
      const text = () => query.slice(node.from, node.to);
      const child = (name: string) => {
        const found = node.node.getChild(name);
        return found === null ? "" : query.slice(found.from, found.to);
      };
      if (node.type.isError) throw new Error(`No query, from character ${node.from} on: ${query}`);
      if (node.name === "VectorSelector") selectors.push({ metric: child("Identifier"), labels: [] });
      if (node.name === "UnquotedLabelMatcher") {
        const value = child("StringLiteral").slice(1, -1);
        selectors.at(-1)?.labels.push({ name: child("LabelName"), operator: child("MatchOp"), value });
      }
      if (node.name === "LabelName" && node.node.parent?.name === "GroupingLabels") groupedBy.push(text());
    },
  });
  return { selectors, groupedBy };
}
