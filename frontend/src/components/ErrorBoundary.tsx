import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import { Empty } from "./Page";

/** Shown in place of a page that fails to render. Runs on servers are not affected. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div role="alert">
        <Empty title="This page has an error.">
          <p>
            Runs on servers continue. The service may have a newer version than this page: reload it. The
            command line shows the same: <code>infrakt runs list</code>
          </p>
          <Button variant="primary" onClick={() => window.location.reload()}>
            Reload
          </Button>
        </Empty>
      </div>
    );
  }
}
