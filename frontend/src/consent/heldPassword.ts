/** The password for sudo, for as long as a run is being started. It is kept out of states and caches, which tools show. */
export interface HeldPassword {
  give: (password: string) => void;
  value: () => string | null;
}

export function holdPassword(): HeldPassword {
  let held: string | null = null;
  return {
    give: (password) => {
      held = password;
    },
    value: () => held,
  };
}
