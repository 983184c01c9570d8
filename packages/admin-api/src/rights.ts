/** What a token may be good for. */
export const RIGHTS = ["read", "operate", "destroy", "values"] as const;
export type Right = (typeof RIGHTS)[number];

/** Each right with those that it includes. */
export const INCLUDED: Readonly<Record<Right, readonly Right[]>> = {
  read: ["read"],
  operate: ["read", "operate"],
  destroy: ["read", "operate", "destroy"],
  values: ["read", "values"],
};
