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

/** Whether to follow after the view came from one position to another. */
export function follows(following: boolean, before: ScrollPosition, after: ScrollPosition): boolean {
  if (isAtEnd(after)) return true;
  // Only a reader moves up; growing output leaves the position where it is, and a view that got smaller moves it along.
  const movedUp = after.scrollTop < before.scrollTop - 1 && after.scrollHeight >= before.scrollHeight;
  return following && !movedUp;
}
