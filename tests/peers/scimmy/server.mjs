// A SCIM server for tests: the library scimmy and its routers over two maps in memory. Paging, filters, PATCH and errors
// are theirs; this file only stores, and never corrects them. PORT and BEARER_TOKEN come from the environment.

import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const { PORT: port, BEARER_TOKEN: token } = process.env;
if (!port || !token) {
    console.error("scimmy peer: PORT and BEARER_TOKEN must be set");
    process.exit(64);
}

const users = new Map();
const groups = new Map();

const notFound = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);

/** What a store of the kind that the library expects does for one resource type. */
function handlers(store, { beforeWrite, onRead = (stored) => stored, afterDelete = () => {} }) {
    return {
        ingress({ id }, data) {
            if (id && !store.has(id)) throw notFound(id);
            const incoming = JSON.parse(JSON.stringify(data));
            beforeWrite(incoming, id);
            const now = new Date().toISOString();
            const key = id ?? randomUUID();
            const created = store.get(key)?.meta.created ?? now;
            store.set(key, { ...incoming, id: key, meta: { created, lastModified: now } });
            return onRead(store.get(key));
        },
        egress({ id, filter }) {
            if (id && !store.has(id)) throw notFound(id);
            if (id) return onRead(store.get(id));
            const all = [...store.values()].map(onRead);
            return filter ? filter.match(all) : all;
        },
        degress({ id }) {
            if (!store.delete(id)) throw notFound(id);
            afterDelete(id);
        },
    };
}

function refuseTakenUserName({ userName }, id) {
    const wanted = userName.toLowerCase();
    const taken = [...users.values()].some((user) => user.id !== id && user.userName.toLowerCase() === wanted);
    if (taken) throw new SCIMMY.Types.Error(409, "uniqueness", `userName '${userName}' is taken`);
}

function withGroups(user) {
    const holds = [...groups.values()].filter((group) => group.members?.some((member) => member.value === user.id));
    return { ...user, groups: holds.map((group) => ({ value: group.id, display: group.displayName })) };
}

function refuseUnknownMembers({ members = [] }) {
    const unknown = members.find((member) => !users.has(member.value));
    if (unknown) throw new SCIMMY.Types.Error(400, "invalidValue", `member '${unknown.value}' is not a user`);
}

function leaveGroups(id) {
    for (const group of groups.values()) {
        group.members = group.members?.filter((member) => member.value !== id);
    }
}

SCIMMY.Resources.declare(
    SCIMMY.Resources.User,
    handlers(users, { beforeWrite: refuseTakenUserName, onRead: withGroups, afterDelete: leaveGroups }),
);
SCIMMY.Resources.declare(SCIMMY.Resources.Group, handlers(groups, { beforeWrite: refuseUnknownMembers }));

const scim = new SCIMMYRouters({
    type: "bearer",
    handler(request) {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("the bearer token is missing or wrong");
        return undefined;
    },
});

express()
    .use("/scim/v2", scim)
    .listen(Number(port), "127.0.0.1", (error) => {
        if (error) {
            console.error(`scimmy peer: cannot listen on port ${port}: ${error.message}`);
            process.exit(1);
        }
        console.log(`scimmy peer: listening on port ${port}`);
    });
