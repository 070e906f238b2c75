import { afterEach, expect, test, vi } from "vitest";
import { RunFeed } from "./feed";

afterEach(() => {
  vi.useRealTimers();
});

test("a feed that is stopped leaves no timer behind, even if the service answers at that moment", async () => {
  vi.useFakeTimers();
  let answer: (response: Response) => void = () => undefined;
  const feed = new RunFeed(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
    () => Promise.resolve(false),
  );
  feed.start();
  feed.stop();
  answer(new Response(new ReadableStream()));
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(feed.getSnapshot().connection.state).toBe("connecting");
});
