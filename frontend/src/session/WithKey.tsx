import { Navigate, Outlet, useLocation } from "react-router";
import { useKey } from "./useKey";

/** What is below is only for somebody with the key. Others log in first, and are then brought to where they wanted to be. */
export function WithKey() {
  const key = useKey();
  const { pathname, search } = useLocation();
  if (key === null) return <Navigate to="/login" replace state={{ wanted: pathname + search }} />;
  return <Outlet />;
}
