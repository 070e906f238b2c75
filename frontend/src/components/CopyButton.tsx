import { useEffect, useState } from "react";
import { Button } from "./Button";

/** Copies a text. Browsers only let pages do so that came by HTTPS or from this computer; elsewhere there is no button. */
export function CopyButton({
  text,
  what,
  className,
}: {
  /** A long text may be put together only when it is asked for. */
  text: string | (() => string);
  what: string;
  className?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  if (!canCopy()) return null;
  return (
    <Button
      small
      className={className}
      aria-label={copied ? `Copied: ${what}` : `Copy: ${what}`}
      onClick={() => {
        void navigator.clipboard
          .writeText(typeof text === "string" ? text : text())
          .then(() => setCopied(true));
      }}
    >
      {copied ? "Copied" : "Copy"}
    </Button>
  );
}

function canCopy(): boolean {
  // The type says that it is always there; on a page that came by plain HTTP it is not.
  return (navigator.clipboard as Clipboard | undefined) !== undefined;
}
