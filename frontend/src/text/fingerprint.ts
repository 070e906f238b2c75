/** The fingerprint of a public key, as `ssh-keygen -l` prints it. */

import { sha256 } from "@noble/hashes/sha2.js";

/** `SHA256:…` of a key in the form of a public key file, or of what is a fingerprint already; null for what is none. */
export function fingerprint(publicKey: string): string | null {
  if (publicKey.startsWith("SHA256:")) return publicKey;
  const [, encoded] = publicKey.trim().split(/\s+/);
  if (encoded === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
    // The browser's own digest is out of reach for pages that came by plain HTTP.
    const digest = String.fromCharCode(...sha256(bytes));
    return `SHA256:${btoa(digest).replace(/=+$/, "")}`;
  } catch {
    return null;
  }
}
