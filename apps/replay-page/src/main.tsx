import { render } from "preact";
import { App } from "./app.tsx";
import { Boundary } from "./parts/boundary.tsx";
import { showUnseen } from "./visible-texts.ts";

const root = document.getElementById("page");
if (root !== null) {
  // What is said where this script does not come.
  root.replaceChildren();
  showUnseen();
  render(
    <Boundary what="The page">
      <App />
    </Boundary>,
    root,
  );
}
