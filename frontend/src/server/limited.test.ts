import { expect, test } from "vitest";
import { held } from "../testing/fakeApi";
import { limited } from "./limited";

const open = () => new AbortController().signal;

test("no more run at once than are allowed, and each has its turn", async () => {
  const take = limited(2);
  const slow = [held<string>(), held<string>(), held<string>()];
  const begun: number[] = [];
  const all = slow.map(({ answer }, index) =>
    take(() => {
      begun.push(index);
      return answer;
    }, open()),
  );
  expect(begun).toEqual([0, 1]);
  slow[1]?.release("b");
  await expect(all[1]).resolves.toBe("b");
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  slow[0]?.release("a");
  slow[2]?.release("c");
  await expect(Promise.all(all)).resolves.toEqual(["a", "b", "c"]);
});

test("one that is no longer wanted leaves the queue, and one that fails gives its place back", async () => {
  const take = limited(1);
  const first = held<string>();
  const running = take(() => first.answer, open());
  const leaving = new AbortController();
  const left = take(() => Promise.resolve("never"), leaving.signal);
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  first.release("done");
  await running;
  await expect(take(() => Promise.reject(new Error("no")), open())).rejects.toThrow("no");
  await expect(take(() => Promise.resolve("next"), open())).resolves.toBe("next");
});
