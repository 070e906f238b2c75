import { Navigate, Route, Routes } from "react-router";
import { Announcements } from "./components/Announcements";
import { Layout } from "./layout/Layout";
import { Apps } from "./pages/Apps";
import { GroupDetail } from "./pages/GroupDetail";
import { Login } from "./pages/Login";
import { NotFound } from "./pages/NotFound";
import { RecipeDetail } from "./pages/RecipeDetail";
import { Recipes } from "./pages/Recipes";
import { RunDetail } from "./pages/RunDetail";
import { Runs } from "./pages/Runs";
import { ServerDetail } from "./pages/ServerDetail";
import { Servers } from "./pages/Servers";
import { WithKey } from "./session/WithKey";

/** Which page an address is. Every page but the one that asks for the key needs it. */
export function App() {
  return (
    <Announcements>
      <Routes>
        <Route path="/login" element={<Login />} />
        <Route element={<WithKey />}>
          <Route element={<Layout />}>
            <Route index element={<Navigate to="/servers" replace />} />
            <Route path="/servers" element={<Servers />} />
            <Route path="/servers/:name" element={<ServerDetail />} />
            <Route path="/runs" element={<Runs />} />
            <Route path="/runs/:id" element={<RunDetail />} />
            <Route path="/groups/:id" element={<GroupDetail />} />
            <Route path="/recipes" element={<Recipes />} />
            <Route path="/recipes/:name" element={<RecipeDetail />} />
            <Route path="/apps" element={<Apps />} />
            <Route path="*" element={<NotFound />} />
          </Route>
        </Route>
      </Routes>
    </Announcements>
  );
}
