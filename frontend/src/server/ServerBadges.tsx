import type { ProtectionReason, Server } from "../api/types";
import { Badge, type Tone } from "../components/Badge";
import { Shield } from "../components/Shield";
import { printable } from "../text/printable";

const TONES: Record<string, Tone> = { provisioned: "good", wiped: "change" };

/** The status of a server, as the last recipe set it. */
export function StatusBadge({ status }: { status: string | null }) {
  if (status === null) return <Badge>not provisioned</Badge>;
  return <Badge tone={TONES[status] ?? "neutral"}>{printable(status)}</Badge>;
}

/** Nothing may be deleted on this server. The reasons are shown where there is room for them. */
export function ProtectedBadge({ reasons }: { reasons: ProtectionReason[] }) {
  if (reasons.length === 0) return null;
  return (
    <Badge tone="accent" icon={<Shield />} title={sentences(reasons)}>
      protected
    </Badge>
  );
}

/** The reasons in one line. */
export function sentences(reasons: ProtectionReason[]): string {
  return reasons.map((reason) => reason.message).join("; ");
}

/** Why nothing may be deleted on a server: as read from the machine itself, or else as the inventory knows. */
export function protectionOf(server: Server, read: ProtectionReason[] = []): ProtectionReason[] {
  return read.length > 0 ? read : server.protected;
}
