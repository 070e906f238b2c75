/** The sign of infrakt: a server, and the steps beside it. */
export function Mark() {
  return <img src="/icon.svg" alt="" width="26" height="26" />;
}
