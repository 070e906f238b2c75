import { afterEach, beforeEach, expect, test } from "vitest";
import { currentKey, forgetKey, keepKey, keyOfOtherTabs, onKeyChange } from "./key";

// Stands for another tab of this browser.
let other: BroadcastChannel;
let heard: unknown[];

beforeEach(() => {
  other = new BroadcastChannel("infrakt.key");
  heard = [];
  other.addEventListener("message", ({ data }: MessageEvent<unknown>) => heard.push(data));
});

afterEach(() => {
  other.close();
  sessionStorage.clear();
  localStorage.clear();
});

test("a new tab gets the key from one that is open, and keeps it no longer than itself", async () => {
  other.addEventListener("message", ({ data }: MessageEvent<{ say: string }>) => {
    if (data.say === "who has the key?") other.postMessage({ say: "here it is", key: "sesame" });
  });
  await keyOfOtherTabs();
  expect(currentKey()).toBe("sesame");
  expect(localStorage).toHaveLength(0);
});

test("where no other tab has it, the wait is short", async () => {
  await keyOfOtherTabs();
  expect(currentKey()).toBeNull();
  expect(heard).toEqual([{ say: "who has the key?" }]);
});

test("a tab hands over the key when it is asked, and only then", async () => {
  keepKey("sesame", false);
  await new Promise((resolve) => setTimeout(resolve));
  expect(heard).toEqual([]);
  other.postMessage({ say: "who has the key?" });
  await expect.poll(() => heard).toEqual([{ say: "here it is", key: "sesame" }]);
});

test("a key that is offered does not take the place of one that is there", async () => {
  keepKey("sesame", false);
  other.postMessage({ say: "here it is", key: "another" });
  other.postMessage({ say: "who has the key?" });
  await expect.poll(() => heard).toEqual([{ say: "here it is", key: "sesame" }]);
});

test("logging out logs out all tabs", async () => {
  keepKey("sesame", false);
  forgetKey();
  await expect.poll(() => heard).toEqual([{ say: "logged out" }]);
  keepKey("sesame", true);
  let told = 0;
  const stop = onKeyChange(() => (told += 1));
  other.postMessage({ say: "logged out" });
  await expect.poll(() => told).toBe(1);
  expect(currentKey()).toBeNull();
  stop();
});
