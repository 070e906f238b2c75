/** Whether a view of growing output keeps to its end: as long as it is there, until the reader scrolls up. */

export interface ScrollPosition {
  scrollTop: number;
  clientHeight: number;
  scrollHeight: number;
}

/** Pixels by which a position may miss the end and still be there: browsers round, and a line may just be added. */
const NEARLY = 8;

export function isAtEnd({ scrollTop, clientHeight, scrollHeight }: ScrollPosition): boolean {
  return scrollHeight - clientHeight - scrollTop <= NEARLY;
}

/**
 * Whether to follow after the view came from one position to another. Only a reader who moves it up ends that: growing
 * output, dropped lines and another layout move it as well.
 */
export function follows(
  following: boolean,
  before: ScrollPosition,
  after: ScrollPosition,
  byReader: boolean,
): boolean {
  if (isAtEnd(after)) return true;
  return following && !(byReader && after.scrollTop < before.scrollTop);
}
