import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/** Says of each story that could not be told here why not, so that nobody takes it for one that passed. */
export default class Skipped implements Reporter {
  onTestEnd(story: TestCase, { status }: TestResult): void {
    const reason = story.annotations.find(({ type }) => type === "skip")?.description;
    // Those without a reason come after one that failed, which is said already.
    if (status !== "skipped" || reason === undefined) return;
    process.stderr.write(`skipped: dashboard: ${story.title}: ${reason}\n`);
  }
}
