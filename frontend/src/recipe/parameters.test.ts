import { describe, expect, it } from "vitest";
import type { RecipeParameter } from "../api/types";
import { draftOf, fieldsInWords, readDraft } from "./parameters";

const parameter = (over: Partial<RecipeParameter>): RecipeParameter => ({
  name: "port",
  type: "string",
  default: "",
  help: "",
  ...over,
});

describe("the parameters of a recipe", () => {
  const port = parameter({ name: "port", type: "int", default: 8080 });
  const ports = parameter({ name: "ports", type: "list", default: [80, 443] });
  const firewall = parameter({ name: "firewall", type: "bool", default: true });
  const email = parameter({ name: "email" });

  it("are not given on where nothing was changed: the plan is the one that the defaults make", () => {
    const all = [port, ports, firewall, email];
    expect(readDraft(all, draftOf(all))).toEqual({ parameters: {}, errors: {} });
  });

  it("are given on in their types", () => {
    const draft = { port: " 9000 ", ports: "80\n443, 8443\n\n", firewall: false, email: "a@example.org" };
    expect(readDraft([port, ports, firewall, email], draft)).toEqual({
      parameters: { port: 9000, ports: ["80", "443", "8443"], firewall: false, email: "a@example.org" },
      errors: {},
    });
  });

  it("say what is wrong with them, by name", () => {
    const must = parameter({ name: "count", type: "int", default: null });
    const { parameters, errors } = readDraft([port, must], { port: "80a", count: "" });
    expect(parameters).toEqual({});
    expect(Object.keys(errors)).toEqual(["port", "count"]);
  });

  it("are JSON where they have maps", () => {
    const fields = [
      parameter({ name: "name", default: null }),
      parameter({ name: "sudo", type: "bool", default: false }),
    ];
    const keys = parameter({ name: "keys", type: "list", default: [], fields });
    expect(draftOf([keys])).toEqual({ keys: "[]" });
    expect(readDraft([keys], draftOf([keys]))).toEqual({ parameters: {}, errors: {} });
    expect(readDraft([keys], { keys: '[{"name": "kim"}]' }).parameters).toEqual({ keys: [{ name: "kim" }] });
    expect(readDraft([keys], { keys: "kim" }).errors).toEqual({ keys: "Enter JSON, as in a file." });
    expect(fieldsInWords(keys)).toBe("name, sudo (optional)");
  });

  it("keep a number that is too large for this page exact", () => {
    expect(readDraft([port], { port: "9007199254740993" }).parameters).toEqual({ port: "9007199254740993" });
  });
});
