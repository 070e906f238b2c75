import type { Space, Usage } from "../api/types";
import { bytes, count, duration } from "../text/format";
import { printable } from "../text/printable";
import { Meter } from "./Meter";
import styles from "./UsageStrip.module.css";

/** What a server is busy with: load, memory, disks. */
export function UsageStrip({ usage }: { usage: Usage }) {
  const [now = 0, five = 0, fifteen = 0] = usage.load;
  return (
    <div className={styles.strip}>
      <Meter
        name="Load"
        share={now / Math.max(1, usage.processors)}
        value={now.toFixed(2)}
        detail={`${five.toFixed(2)} in 5 min, ${fifteen.toFixed(2)} in 15, ${count(usage.processors, "processor")}`}
      />
      <SpaceMeter name="Memory" space={usage.memory} />
      {usage.swap.total_bytes > 0 && <SpaceMeter name="Swap" space={usage.swap} />}
      {rootFirst(usage.disks).map((disk) => (
        <SpaceMeter key={disk.mount} name={`Disk ${printable(disk.mount)}`} space={disk} />
      ))}
      <div className={styles.uptime}>
        <p className={styles.name}>Up for</p>
        <p className={styles.value}>{duration(usage.uptime_seconds * 1000)}</p>
      </div>
    </div>
  );
}

function rootFirst(disks: Usage["disks"]): Usage["disks"] {
  return [...disks.filter(({ mount }) => mount === "/"), ...disks.filter(({ mount }) => mount !== "/")];
}

function SpaceMeter({ name, space }: { name: string; space: Space }) {
  const used = Math.max(0, space.total_bytes - space.available_bytes);
  return (
    <Meter
      name={name}
      share={space.total_bytes === 0 ? 0 : used / space.total_bytes}
      value={bytes(used)}
      detail={`of ${bytes(space.total_bytes)}, ${bytes(space.available_bytes)} free`}
    />
  );
}
