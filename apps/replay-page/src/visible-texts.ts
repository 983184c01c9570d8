import { visible } from "@helix/core/internal";
import { options } from "preact";

/** All that is shown of a pod was written by somebody: of each text on the page nothing is there unseen, nor turns the order of the others. */
export function showUnseen(): void {
  const before = options.vnode;
  options.vnode = (node) => {
    const text = node as { type: unknown; props: unknown };
    if (text.type === null && typeof text.props === "string") text.props = visible(text.props, "\t\n\r");
    before?.(node);
  };
}
