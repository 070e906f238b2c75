import { useState } from "react";
import { Button } from "./Button";
import { applyTheme, chosenTheme, type Theme } from "../styles/theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const WORDS: Record<Theme, string> = { system: "Auto", light: "Light", dark: "Dark" };
const SIGNS: Record<Theme, string> = { system: "◐", light: "○", dark: "●" };

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme);
  const next = NEXT[theme];
  return (
    <Button
      variant="quiet"
      small
      aria-label={`Colours: ${WORDS[theme]}. Change to ${WORDS[next]}`}
      title={`Colours: ${WORDS[theme]}`}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <span aria-hidden="true">{SIGNS[theme]}</span>
      <span aria-hidden="true">{WORDS[theme]}</span>
    </Button>
  );
}
