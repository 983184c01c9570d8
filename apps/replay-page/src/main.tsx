import { render } from "preact";
import { App } from "./app.tsx";
import { Boundary } from "./parts/boundary.tsx";

const root = document.getElementById("page");
if (root !== null) {
  // What is said where this script does not come.
  root.replaceChildren();
  render(
    <Boundary what="The page">
      <App />
    </Boundary>,
    root,
  );
}
