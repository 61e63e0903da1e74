"""The playground: a small EHR over the demo charts, in which every hook can be fired and every answer looked into."""
