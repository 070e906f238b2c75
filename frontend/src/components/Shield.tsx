/** The sign of what is protected. */
export function Shield() {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" fill="currentColor" aria-hidden="true" focusable="false">
      <path d="M6 0 11 1.8V6c0 2.9-2 4.9-5 6-3-1.1-5-3.1-5-6V1.8z" />
    </svg>
  );
}
