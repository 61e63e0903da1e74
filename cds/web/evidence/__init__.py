"""What each card rests on: pages and their JSON twins, made from the knowledge and the wording that the cards use."""
