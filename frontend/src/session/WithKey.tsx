import { Navigate, Outlet, useLocation } from "react-router";
import { useKey } from "./useKey";

/** Shows the pages below only to users with the key. Others log in first, and then see the page they wanted. */
export function WithKey() {
  const key = useKey();
  const { pathname, search } = useLocation();
  if (key === null) return <Navigate to="/login" replace state={{ wanted: pathname + search }} />;
  return <Outlet />;
}
