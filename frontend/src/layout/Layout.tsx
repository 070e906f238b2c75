import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { NavLink, Outlet, useLocation } from "react-router";
import { health } from "../api/queries";
import { forgetKey } from "../session/key";
import { Button } from "../components/Button";
import { ErrorBoundary } from "../components/ErrorBoundary";
import { Mark } from "../components/Mark";
import { ThemeSwitch } from "../components/ThemeSwitch";
import styles from "./Layout.module.css";

const PLACES = [
  ["/servers", "Servers"],
  ["/runs", "Runs"],
  ["/recipes", "Recipes"],
  ["/apps", "Apps"],
] as const;

/** The frame around every page after the login. */
export function Layout() {
  const queries = useQueryClient();
  const { pathname } = useLocation();
  useHeadingFocus(pathname);
  return (
    <>
      <a className={`visually-hidden ${styles.skip ?? ""}`} href="#content">
        Skip to the content
      </a>
      <header className={styles.bar}>
        <div className={styles.inside}>
          <NavLink to="/servers" className={styles.mark}>
            <Mark />
            infrakt
          </NavLink>
          <nav aria-label="Main" className={styles.nav}>
            <ul role="list" className={styles.places}>
              {PLACES.map(([path, title]) => (
                <li key={path}>
                  <NavLink to={path} className={styles.place}>
                    {title}
                  </NavLink>
                </li>
              ))}
            </ul>
          </nav>
          <div className={styles.end}>
            <ThemeSwitch />
            <Button
              variant="quiet"
              small
              onClick={() => {
                queries.clear();
                forgetKey();
              }}
            >
              Log out
            </Button>
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className={styles.main}>
        <ErrorBoundary key={pathname}>
          <Outlet />
        </ErrorBoundary>
      </main>
      <Foot />
    </>
  );
}

/** Which service this is, so that users don't mix up two open windows. */
function Foot() {
  const { data } = useQuery(health());
  return (
    <footer className={styles.foot}>
      <p>
        {data !== undefined && `infrakt ${data.version} at `}
        {window.location.host} · <a href="/licenses.txt">Licenses</a>
      </p>
    </footer>
  );
}

/** After going to another page the focus is on its heading, as it would be on a page that was loaded. */
function useHeadingFocus(pathname: string): void {
  const seen = useRef(pathname);
  useEffect(() => {
    if (seen.current === pathname) return;
    seen.current = pathname;
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [pathname]);
}
