//! A plan as people read it. A pure function of the plan: same plan, same text.
