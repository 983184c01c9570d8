import { Component, type ComponentChildren } from "preact";

interface BoundaryProps {
  /** At the beginning of a sentence. */
  readonly what: string;
  /** With another one it is tried again. */
  readonly of?: unknown;
  readonly children: ComponentChildren;
}

/** What cannot be shown says so in its place, and leaves the rest of the page as it is; the next answer is another chance. */
export class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidUpdate({ of }: BoundaryProps): void {
    if (this.state.failed && of !== this.props.of) this.setState({ failed: false });
  }

  override render({ what, children }: BoundaryProps) {
    if (!this.state.failed) return children;
    return (
      <p class="problem" role="alert">
        {what} cannot be shown: what the pod has answered is not as expected. Is the pod of another version
        than this page? Reload it.
      </p>
    );
  }
}
