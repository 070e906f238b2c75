import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import { Empty } from "./Page";

/** Where a page can't be drawn: says so, in place of an empty window. Nothing that runs on servers is touched by it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div role="alert">
        <Empty title="This page could not be drawn.">
          <p>
            What runs on servers goes on all the same. The service may be of another version than this page:
            load it again. On the command line you can see everything, too: <code>infrakt runs list</code>
          </p>
          <Button variant="primary" onClick={() => window.location.reload()}>
            Load again
          </Button>
        </Empty>
      </div>
    );
  }
}
