import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/** Reports why a story could not run here, so that a skipped story is not taken for one that passed. */
export default class Skipped implements Reporter {
  onTestEnd(story: TestCase, { status }: TestResult): void {
    const reason = story.annotations.find(({ type }) => type === "skip")?.description;
    // Those without a reason come after one that failed, which is said already.
    if (status !== "skipped" || reason === undefined) return;
    process.stderr.write(`skipped: dashboard: ${story.title}: ${reason}\n`);
  }
}
