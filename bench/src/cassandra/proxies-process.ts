import { type FaultMode, type FaultProxy, startFaultProxy } from "@helix/testkit";
import { answering } from "../measure/child.ts";

export type ProxyQuestion =
  | { readonly targets: readonly { readonly host: string; readonly port: number }[] }
  | { readonly proxy: number; readonly mode: FaultMode };

const proxies: FaultProxy[] = [];

// Not in the process that is measured, where they would cost more while both clusters are there than while one is.
answering(async (question: ProxyQuestion) => {
  if ("mode" in question) return await proxies[question.proxy]?.set(question.mode);
  for (const target of question.targets) proxies.push(await startFaultProxy({ target }));
  return proxies.map(({ contactPoint }) => contactPoint);
});
